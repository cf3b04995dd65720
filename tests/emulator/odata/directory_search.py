# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$search of the directory: `"property:words"`, joined by AND and OR in capitals, of which AND binds closer.

displayName and description are searched for words, every other text for how it begins (Graph: search query parameter).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.answer import Refusal
from emulator.odata.schema import EntityType

_TERM = re.compile(r'\s*"(?P<property>\w+):(?P<words>(?:[^"\\]|\\.)*)"\s*(?P<joint>AND|OR|\Z)')
_WORDS_OF = ("displayName", "description")


@dataclass(frozen=True)
class Term:
    name: str
    words: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        values = document.get(self.name) or ""
        texts = [str(value).lower() for value in (values if isinstance(values, list) else [values])]
        if self.name in _WORDS_OF:
            return any(self.words in text for text in texts)
        return any(text.startswith(self.words) for text in texts)


@dataclass(frozen=True)
class DirectorySearch:
    """One of the alternatives, each with all of its terms."""

    alternatives: tuple[tuple[Term, ...], ...]

    def holds(self, document: Mapping[str, Any]) -> bool:
        return any(all(term.holds(document) for term in terms) for terms in self.alternatives)


def parse(text: str, type_: EntityType) -> DirectorySearch:
    """What is looked for; Refusal where it cannot be read, or the type has no such text."""
    alternatives: list[list[Term]] = [[]]
    at, joint = 0, "AND"
    while joint:
        match = _TERM.match(text, at)
        if not match or type_.type_of(match["property"]) not in ("Edm.String", "Collection"):
            raise Refusal(400, "BadRequest", f"Syntax error: the search expression '{text}' cannot be read.")
        if joint == "OR":
            alternatives.append([])
        alternatives[-1].append(Term(match["property"], re.sub(r"\\(.)", r"\1", match["words"]).strip().lower()))
        at, joint = match.end(), match["joint"]
    return DirectorySearch(tuple(map(tuple, alternatives)))
