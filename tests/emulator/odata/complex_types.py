# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complex types of what is written to the directory: what each property of them holds.

From the v1.0 metadata. A property is declared as `name:x`: x is a letter of LETTERS or the name of a complex type; `*` before it
makes a collection, a number after it is the greatest length, `!` says that it must be there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LETTERS = {
    "s": "Edm.String", "b": "Edm.Boolean", "i": "Edm.Int32", "g": "Edm.Guid", "t": "Edm.DateTimeOffset",
    "c": "Complex", "a": "Complex", "": "Complex",
}  # fmt: skip
_DECLARED = re.compile(r"(\*?)([A-Za-z]*)(\d*)(!?)\Z")


@dataclass(frozen=True)
class Declared:
    """`kind` is a letter of LETTERS (`c`: any object, `a` or none: anything) or the name of a complex type."""

    kind: str
    collection: bool = False
    longest: int | None = None
    needed: bool = False

    @property
    def edm(self) -> str:
        return "Collection" if self.collection else LETTERS.get(self.kind, "Complex")


def declared(words: str) -> dict[str, Declared]:
    """Of a list of `name:x`; without x it is a text."""
    found = {}
    for word in words.split():
        name, _, text = word.partition(":")
        match = _DECLARED.match(text or "s")
        assert match, word
        found[name] = Declared(match[2], bool(match[1]), int(match[3]) if match[3] else None, bool(match[4]))
    return found


COMPLEX = {
    name: declared(words)
    for name, words in {
        "keyCredential": "customKeyIdentifier displayName endDateTime:t key keyId:g startDateTime:t type usage"
        " hasExtendedValue:b",
        "passwordCredential": "displayName endDateTime:t",
        "requiredResourceAccess": "resourceAppId:s! resourceAccess:*resourceAccess",
        "resourceAccess": "id:g! type:s!",
    }.items()
}
