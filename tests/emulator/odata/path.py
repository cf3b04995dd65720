# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A path of Graph as its segments: keys stand either as a segment or in brackets.

`/users/x`, `/users('x')` are the same; `/applications(appId='x')` names the property of an alternate key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.answer import Refusal

_BRACKETS = re.compile(r"(?P<name>[^()]*)\((?P<inside>.*)\)\Z", re.S)
_KEY = re.compile(r"(?:(?P<property>[A-Za-z][A-Za-z0-9]*)\s*=\s*)?(?:'(?P<text>(?:[^']|'')*)'|(?P<bare>[^',=]+))\Z", re.S)


@dataclass(frozen=True)
class Key:
    """The key of an entity: `property` is empty for its primary key."""

    value: str
    property: str = ""

    def __str__(self) -> str:
        return self.value


Segment = str | Key


def segments(raw: str) -> tuple[Segment, ...]:
    """The segments of a percent-encoded path below the version, without empty brackets."""
    found: list[Segment] = []
    for part in raw.strip("/").split("/"):
        text = unquote(part)
        match = _BRACKETS.match(text)
        if match and _is_name(match["name"]):
            found.append(match["name"])
            if match["inside"].strip():
                found.append(_key(match["inside"], text))
        else:
            found.append(text)
    return tuple(found)


def _is_name(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]+", text))


def _key(inside: str, segment: str) -> Key:
    match = _KEY.match(inside.strip())
    if not match:
        raise Refusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    value = match["text"].replace("''", "'") if match["text"] is not None else match["bare"]
    return Key(value, match["property"] or "")
