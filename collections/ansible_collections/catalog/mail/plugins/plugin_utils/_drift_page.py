# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The report of a run of the playbook drift as one HTML page, which loads nothing and reads well on a phone. Pure."""

from __future__ import annotations

from html import escape
from typing import Iterator, List

from ._drift_changes import DIFFERS, Change
from ._drift_report import Report, by_host, counted

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --old: #b3261e; --new: #146c2e; --quiet: #667; }
@media (prefers-color-scheme: dark) { :root { --old: #ffb4ab; --new: #7ddc8f; --quiet: #aab; } }
* { box-sizing: border-box; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
p { margin: .25rem 0; }
.state { padding: .6rem .8rem; border-left: .4rem solid var(--new); background: #8881; font-weight: 600; }
.drift, .incomplete { border-color: var(--old); }
.quiet { color: var(--quiet); font-size: .875rem; }
dl { margin: 0; }
dl > div { padding: .5rem 0; border-bottom: 1px solid var(--line); }
dt { font-weight: 600; }
dd { margin: 0; }
dt, dd, code { overflow-wrap: anywhere; }
code { font: .875rem/1.4 ui-monospace, monospace; white-space: pre-wrap; }
del { color: var(--old); } ins { color: var(--new); text-decoration: none; }
@media (min-width: 40rem) { dl > div { display: grid; grid-template-columns: 22rem 1fr; gap: 1rem; } }
"""
_TITLES = {"none": "No drift", "drift": "Drift", "corrected": "Drift corrected", "incomplete": "Drift: could not look"}


def page(report: Report) -> str:
    """Return the page."""
    title = _TITLES[report.state]
    return "\n".join([
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>", f"<style>{_STYLE}</style>", "</head>", "<body>", "<main>", f"<h1>{title}</h1>",
        f'<p class="quiet">{escape(report.started_at)} to {escape(report.ended_at)}</p>',
        f'<p class="state {report.state}">{escape(report.sentence())}</p>', *_body(report), "</main>", "</body>", "</html>", ""])


def _body(report: Report) -> Iterator[str]:
    if report.problems:
        yield from _notes("Could not look", report.problems)
    for host, changes in by_host(report).items():
        yield f"<h2>{escape(host)} <span class=\"quiet\">{counted(len(changes), 'difference')}</span></h2>"
        yield "<dl>"
        for change in changes:
            yield from _row(change)
        yield "</dl>"
    if report.unknown:
        yield from _notes("Unknown", report.unknown)
    silent = sorted({*report.hosts} - {*by_host(report)} - {*report.failed})
    if silent:
        yield f"<h2>Without a difference</h2><p>{escape(', '.join(silent))}</p>"


def _row(change: Change) -> Iterator[str]:
    role = f' <span class="quiet">{escape(change.role)}</span>' if change.role else ""
    yield f"<div><dt>{escape(change.thing)}{role}</dt><dd>{escape(change.field)}<br>{_values(change)}</dd></div>"


def _values(change: Change) -> str:
    if change.found == DIFFERS:
        return "<code>differs</code>"
    return f"<code><del>{escape(change.found)}</del> &rarr; <ins>{escape(change.should_be)}</ins></code>"


def _notes(title: str, notes: List[dict[str, str]]) -> Iterator[str]:
    yield f"<h2>{title}</h2><dl>"
    for note in notes:
        yield f"<div><dt>{escape(note['host'])}</dt><dd>{escape(note['message'])}</dd></div>"
    yield "</dl>"
