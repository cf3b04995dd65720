# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$filter: comparisons joined by `and`, asked of documents. Taken: eq, gt, ge with a text, a moment or a boolean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt
from typing import Any

from emulator.clock import parsed

_MOMENT = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?"
_COMPARISON = re.compile(
    rf"\s*(?P<name>\w+)\s+(?P<operator>eq|gt|ge)\s+(?:(?P<text>'(?:[^']|'')*')|(?P<moment>{_MOMENT})|(?P<boolean>true|false))"
    r"(?:\s+and(?=\s)|\s*\Z)"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"eq": eq, "gt": gt, "ge": ge}


class Malformed(ValueError):
    """A filter that cannot be read; the text says where."""


@dataclass(frozen=True)
class Comparison:
    """`kind` is text, moment or boolean."""

    name: str
    operator: str
    value: Any
    kind: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        found = document.get(self.name)
        if self.kind == "moment" and isinstance(found, str):
            found = parsed(found)
        elif isinstance(found, str):
            found = found.lower()
        return found is not None and _COMPARISONS[self.operator](found, self.value)


def parse(filter_: str) -> list[Comparison]:
    """The comparisons, all of which have to hold; Malformed where it cannot be read."""
    found: list[Comparison] = []
    at = 0
    while at < len(filter_) or not found:
        match = _COMPARISON.match(filter_, at)
        if not match:
            raise Malformed(f"Syntax error at position {at} in '{filter_}'.")
        kind = match.lastgroup or ""
        found.append(Comparison(match["name"], match["operator"], _value(kind, match[kind], filter_), kind))
        at = match.end()
    return found


def _value(kind: str, word: str, filter_: str) -> Any:
    if kind == "text":
        return word[1:-1].replace("''", "'").lower()
    if kind == "moment":
        try:
            return parsed(word)
        except ValueError:
            raise Malformed(f"'{word}' is no moment in '{filter_}'.") from None
    return word == "true"
