# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print tables and goals as a program of tests/bench does, so that .ci/bench.py can write them into docs/benchmarks.md.

A table is Markdown, padded for the terminal. Each goal is one line that begins with "goal: " and ends with "met" or "MISSED".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A number and its limit: what it is, the value, the limit, and whether the limit is the least instead of the most."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Return whether the value keeps to the limit; a value that is not a number does not."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        """Return the line to print."""
        bound = "at least" if self.at_least else "at most"
        return f"goal: {self.what} {bound} {self.limit:g}: {number(self.value)}, {'met' if self.is_met else 'MISSED'}"


def number(value: float) -> str:
    """Return a number with the digits that a reader compares: 1234, 56.7, 8.91."""
    for least, digits in ((100, 0), (10, 1)):
        if abs(value) >= least:
            return f"{value:.{digits}f}"
    return f"{value:.2f}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    """Return a Markdown table with the first column to the left and all others, which hold numbers, to the right."""
    cells = [list(headings), *([cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows)]
    widths = [max(3, *(len(row[place]) for row in cells)) for place in range(len(headings))]
    lines = [
        "| " + " | ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ) + " |"
        for row in cells
    ]  # fmt: skip
    rule = "|" + "|".join("-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def conclude(goals: Sequence[Goal]) -> int:
    """Print the goals; return the exit status: 1 when one is missed."""
    print(*goals, sep="\n")
    return 0 if all(goal.is_met for goal in goals) else 1
