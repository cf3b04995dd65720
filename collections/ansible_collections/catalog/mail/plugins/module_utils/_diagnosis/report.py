# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Write findings as a text for people. Pure."""

from __future__ import annotations

import textwrap
from typing import Iterator, List, Sequence

from .catalogue import ERROR, NOTE, SEVERITIES, WARNING
from .finding import Finding

NARROWEST = 40
WIDEST = 120
NOTHING = "No fault was found."

# SGR codes of a terminal (ECMA-48): red, yellow, cyan; bold; end.
_COLOURS = {ERROR: "\x1b[31;1m", WARNING: "\x1b[33;1m", NOTE: "\x1b[36m"}
_END = "\x1b[0m"
_INDENT = "    "


def text(findings: Sequence[Finding], width: int, colour: bool) -> str:
    """Return the findings as lines of at most ``width`` characters; a word that is longer, such as an address, stays whole."""
    columns = min(max(width, NARROWEST), WIDEST)
    blocks = ["\n".join(_block(one, columns, colour)) for one in findings]
    return "\n\n".join([*blocks, summary(findings)]) + "\n"


def summary(findings: Sequence[Finding]) -> str:
    """Return the numbers of errors, warnings and notes in one line."""
    counts = [(name, sum(one.severity == name for one in findings)) for name in SEVERITIES]
    parts = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts if count]
    return f"{', '.join(parts)}." if parts else NOTHING


def _block(one: Finding, columns: int, colour: bool) -> Iterator[str]:
    head = f"{one.severity.upper()} {one.id}" + (f" ({one.field})" if one.field else "")
    yield f"{_COLOURS[one.severity]}{head}{_END}" if colour else head
    yield from _wrapped(one.cause, columns)
    yield from _wrapped(f"Remedy: {one.remedy}", columns)
    yield from _wrapped(f"By hand: {one.look}", columns)
    for line in one.evidence:
        yield from _wrapped(line, columns, "> ")


def _wrapped(sentence: str, columns: int, mark: str = "") -> List[str]:
    return textwrap.wrap(
        _plain(sentence), columns, initial_indent=_INDENT + mark, subsequent_indent=_INDENT + " " * len(mark),
        break_long_words=False, break_on_hyphens=False) or [_INDENT + mark]


def _plain(line: str) -> str:
    """Return foreign words without control characters, which would change the terminal."""
    return "".join(char if char.isprintable() else " " for char in line)
