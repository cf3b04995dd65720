# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$expand of Exchange: what is asked for beside a message or a folder, each with options of its own."""

from __future__ import annotations

import re
from typing import Any

from emulator.answer import Refusal
from emulator.odata.filter import Node
from emulator.odata.filter import parse as parse_filter
from emulator.odata.lexer import Malformed
from emulator.odata.query import Options

_PART = re.compile(r"\s*(?P<name>[\w.]+(?:/\w+)?)\s*(?:\((?P<inside>.*)\))?\s*\Z", re.S)


def expansions(options: Options) -> dict[str, dict[str, str]]:
    """The options of each navigation that is expanded; Refusal where the type has none of that name."""
    found = {}
    for text in _split(options.expand, ","):
        match = _PART.match(text)
        name = match["name"] if match else text
        known = next((one for one in options.type.navigations if one.lower() == name.lower()), None)
        if match is None or known is None:
            raise Refusal(
                400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type '{options.type.name}'."
            )
        pairs = (one.partition("=") for one in _split(match["inside"] or "", ";"))
        found[known] = {name.strip(): value.strip() for name, _, value in pairs}
    return found


def _split(text: str, mark: str) -> list[str]:
    """At the marks that stand neither in quotes nor in brackets."""
    found, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == "'"
        depth += 0 if quoted else (character == "(") - (character == ")")
        if character == mark and not quoted and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part for part in found if part.strip()]


def filter_of(asked: dict[str, str]) -> Node | None:
    text = next((value for name, value in asked.items() if name.lower().lstrip("$") == "filter"), None)
    try:
        return parse_filter(text) if text is not None else None
    except Malformed as error:
        raise Refusal(400, "BadRequest", f"Invalid filter clause: {error}") from None


def extended(document: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
    """The extended properties that the filter takes; without any, not even the list."""
    node = filter_of(asked)
    found = [one for one in document["singleValueExtendedProperties"] if node is None or node.holds(one)]
    return {"singleValueExtendedProperties": found} if found else {}
