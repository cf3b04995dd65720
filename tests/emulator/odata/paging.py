# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages: `value`, and a nextLink to be followed as it is.

The directory's link carries an opaque token; Exchange's counts what it has passed, so that what leaves the filter meanwhile
shifts the rest, as with Graph.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from emulator.answer import Answer, Refusal, entity
from emulator.odata.query import DIRECTORY, Options, read
from emulator.odata.schema import EntityType

if TYPE_CHECKING:
    from emulator.call import Call


def page(call: Call, context: str, type_: EntityType, documents: Iterable[Mapping[str, Any]]) -> Answer:
    """The page of the directory's collection that the call asks for."""
    options = read(call.query, type_, DIRECTORY)
    return page_of(call, context, options, options.chosen(documents), options.pruned)


def page_of(call: Call, context: str, options: Options, found: list[Any], finish: Callable[[Any], Mapping[str, Any]]) -> Answer:
    """The same of what is already chosen; `finish` makes the last changes to each that goes out."""
    size = options.rules.page if options.top is None else options.top
    begin = options.skip or _after_token(call, found)
    shown = found[begin : begin + size] if size else []
    body: dict[str, Any] = {}
    if begin + size < len(found) and size:
        body["@odata.nextLink"] = _link(call, options, found, begin + size)
    body["value"] = [finish(document) for document in shown]
    return entity(call.context(context + options.shown), body)


def _link(call: Call, options: Options, found: list[Any], begin: int) -> str:
    kept = {name: value for name, value in call.query.items() if name.lower() not in ("$skip", "$skiptoken")}
    if options.rules.exchange:
        kept["$skip"] = str(begin)
    else:
        last = str(found[begin - 1].get("id", ""))
        token = json.dumps([begin, last]).encode()
        kept["$skiptoken"] = "RFNwdAI" + base64.urlsafe_b64encode(token).decode().rstrip("=")
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in kept.items())
    return f"{call.origin}/{call.version}{call.raw_path}?{pairs}"


def _after_token(call: Call, found: list[Any]) -> int:
    """The place after the last one shown, wherever that stands now."""
    text = call.query.get("$skiptoken")
    if text is None:
        return 0
    try:
        if not text.startswith("RFNwdAI"):
            raise ValueError
        text = text.removeprefix("RFNwdAI")
        begin, last = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        raise Refusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer"
                      " be included in your request.") from None  # fmt: skip
    place = next((number for number, document in enumerate(found) if str(document.get("id")) == last), None)
    return begin if place is None else place + 1
