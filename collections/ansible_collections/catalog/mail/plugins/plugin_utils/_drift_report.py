# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The report of a run of the playbook drift: as a document, as a table, and as JUnit. Pure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence
from xml.etree import ElementTree

from ._drift_changes import DIFFERS, Change

NO_DRIFT, COULD_NOT_LOOK, DRIFT = 0, 1, 2
"""The exit statuses."""
SENTENCES = {
    "none": "No drift: the hosts are as the inventory describes them.",
    "drift": "Drift: {count} on {hosts}. Nothing was changed.",
    "corrected": "Corrected: {count} on {hosts}.",
    "partly": "Drift: {count} on {hosts}. {corrected} of them corrected.",
    "incomplete": "Could not look at everything: {problems}.",
}
NOTHING = "no host was looked at"


@dataclass
class Report:
    """The result of one run."""

    started_at: str
    ended_at: str = ""
    hosts: List[str] = field(default_factory=list)
    unreachable: List[str] = field(default_factory=list)
    failed: List[str] = field(default_factory=list)
    changes: List[Change] = field(default_factory=list)
    problems: List[Dict[str, str]] = field(default_factory=list)
    unknown: List[Dict[str, str]] = field(default_factory=list)

    @property
    def corrected(self) -> bool:
        """Whether the run has found something and corrected all of it."""
        return bool(self.changes) and all(change.corrected for change in self.changes)

    @property
    def state(self) -> str:
        """Return none, drift, corrected or incomplete."""
        if self.unreachable or self.failed or not self.hosts:
            return "incomplete"
        if not self.changes:
            return "none"
        return "corrected" if self.corrected else "drift"

    @property
    def exit_status(self) -> int:
        """Return 0 when the hosts are as described, 2 when they differ, 1 when that is not known."""
        return {"incomplete": COULD_NOT_LOOK, "drift": DRIFT}.get(self.state, NO_DRIFT)

    def sentence(self) -> str:
        """Return the outcome in one sentence."""
        hosts = {change.host for change in self.changes}
        parts = [f"{words}: {', '.join(names)}" for words, names in (
            ("unreachable", self.unreachable), ("failed", self.failed)) if names]
        corrected = len([change for change in self.changes if change.corrected])
        state = "partly" if self.state == "drift" and corrected else self.state
        text = SENTENCES[state].format(
            corrected=corrected, count=counted(len(self.changes), "difference"), hosts=counted(len(hosts), "host"),
            problems="; ".join(parts) or NOTHING)
        if self.state == "incomplete" and self.changes:
            text += f" {'Corrected' if self.corrected else 'Found'} all the same: {counted(len(self.changes), 'difference')}."
        return text

    def document(self) -> Dict[str, Any]:
        """Return the report for JSON."""
        return {
            "format": 1, "state": self.state, "exit_status": self.exit_status, "summary": self.sentence(),
            "started_at": self.started_at, "ended_at": self.ended_at, "corrected": self.corrected,
            "hosts": self.hosts, "unreachable": self.unreachable, "failed": self.failed,
            "changes": [change.document() for change in self.changes],
            "problems": self.problems, "unknown": self.unknown,
        }


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 host`` or ``2 hosts``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def by_host(report: Report) -> Dict[str, List[Change]]:
    """Return the changes of each host that has some."""
    found: Dict[str, List[Change]] = {}
    for change in report.changes:
        found.setdefault(change.host, []).append(change)
    return found


def shown_value(change: Change) -> str:
    """Return what a thing is and should be."""
    return DIFFERS if change.found == DIFFERS else f"{change.found} -> {change.should_be}"


def table(report: Report, width: int) -> List[str]:
    """Return the report as lines for a terminal: each host, its things, and their fields."""
    lines: List[str] = []
    for host, changes in by_host(report).items():
        lines += ["", host]
        things: Dict[tuple[str, str], List[Change]] = {}
        for change in changes:
            things.setdefault((change.role, change.thing), []).append(change)
        for (role, thing), fields in things.items():
            lines.append(f"  ~ {thing}" + (f"  ({role})" if role else ""))
            lines += _fields(fields, width)
    for problem in report.problems:
        lines += ["", *_wrapped(f"! {problem['host']}: {problem['message']}", width, "  ")]
    for note in report.unknown:
        lines += ["", *_wrapped(f"? {note['host']}: {note['message']}", width, "  ")]
    return [*lines, "", report.sentence()]


def _fields(changes: Sequence[Change], width: int) -> List[str]:
    names = max(len(change.field) for change in changes)
    lines: List[str] = []
    for change in changes:
        head = f"      {change.field:<{names}}  "
        lines += _wrapped(head + shown_value(change), width, " " * min(len(head), 24))
    return lines


def _wrapped(text: str, width: int, indent: str) -> List[str]:
    body = text.lstrip()
    return textwrap.wrap(
        body, max(width, 40), initial_indent=text[: len(text) - len(body)], subsequent_indent=indent,
        break_on_hyphens=False, drop_whitespace=True)


def junit(report: Report) -> str:
    """Return the report as JUnit: a test case for each host, which fails with its differences or with why it has none."""
    changes = by_host(report)
    names = sorted({*report.hosts, *report.unreachable, *report.failed})
    failures = len([name for name in names if not all(one.corrected for one in changes.get(name, []))])
    suite = ElementTree.Element("testsuite", {
        "name": "catalog.mail.drift", "timestamp": report.started_at.replace("Z", ""), "tests": str(len(names)),
        "failures": str(failures), "errors": str(len({*report.unreachable, *report.failed}))})
    for name in names:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "drift", "name": name})
        found = changes.get(name, [])
        lines = [f"{one.role}: {one.thing}: {one.field}: {shown_value(one)}" for one in found]
        corrected = all(one.corrected for one in found)
        if not corrected:
            _element(case, "failure", counted(len(lines), "difference"), lines)
        if name in report.unreachable or name in report.failed:
            _element(case, "error", "could not look", [one["message"] for one in report.problems if one["host"] == name])
        if lines and corrected:
            ElementTree.SubElement(case, "system-out").text = "\n".join(["Corrected:", *lines])
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _element(case: Any, kind: str, message: str, lines: Sequence[str]) -> None:
    ElementTree.SubElement(case, kind, {"message": message}).text = "\n".join(lines)


def message_of(result: Mapping[str, Any]) -> str:
    """Return why a task failed, in one line of at most 1,000 characters."""
    message = result.get("msg")
    if "censored" in result or not isinstance(message, str) or not message.strip():
        return "The task gave no message."
    return " ".join(message.split())[:1000]
