# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A $filter in pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_MOMENT = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?"
_PIECES = re.compile(
    rf"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<guid>{_GUID})(?![\w-])|(?P<moment>{_MOMENT})(?![\w-])|(?P<number>-?\d+)(?![\w-])"
    r"|(?P<name>[A-Za-z_$][\w./]*(?:(?<=/)\$count)?)|(?P<mark>[(),:]))"
)


class Malformed(ValueError):
    """A filter that cannot be read; the text says where."""


@dataclass(frozen=True)
class Piece:
    """`kind` is text, guid, moment, number, name or mark."""

    kind: str
    value: str
    at: int


def pieces(filter_: str) -> list[Piece]:
    found, at = [], 0
    while filter_[at:].strip():
        match = _PIECES.match(filter_, at)
        if not match:
            raise Malformed(f"Syntax error: character '{filter_[at:].strip()[0]}' is not valid at position {at} in '{filter_}'.")
        kind = match.lastgroup or ""
        value = match[kind]
        found.append(Piece(kind, value[1:-1].replace("''", "'") if kind == "text" else value, match.start(kind)))
        at = match.end()
    return found
