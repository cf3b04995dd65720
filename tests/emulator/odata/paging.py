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
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from emulator.answer import Answer, Refusal, entity
from emulator.odata.query import DIRECTORY, Options, Rules, read
from emulator.odata.schema import EntityType

if TYPE_CHECKING:
    from emulator.call import Call


def page(
    call: Call, context: str, type_: EntityType, documents: Iterable[Mapping[str, Any]], *, rules: Rules = DIRECTORY
) -> Answer:
    """The page of a collection that the call asks for."""
    options = read(call.query, type_, rules, eventual=call.eventual)
    return page_of(call, context, options, options.chosen(documents))


def page_of(call: Call, context: str, options: Options, found: list[Any], finish: Any = None) -> Answer:
    """The same of what is already chosen; `finish` makes the last changes to each that goes out."""
    if call.counting:
        return _number_of(call, options, found)
    size = _size(call, options)
    begin = options.skip or _after_token(call, found)
    shown = found[begin : begin + size] if size else []
    body: dict[str, Any] = {}
    if options.count:
        body["@odata.count"] = len(found)
    if begin + size < len(found) and size:
        body["@odata.nextLink"] = _link(call, options, found, begin + size)
    body["value"] = [finish(document) if finish else options.pruned(document) for document in shown]
    headers = {}
    if "odata.maxpagesize" in call.preferences:
        headers["Preference-Applied"] = f"odata.maxpagesize={size}"
    return entity(call.context(context + options.shown), body, headers=headers)


def _number_of(call: Call, options: Options, found: list[Any]) -> Answer:
    """Of all that the filter takes, whatever the page; the directory wants its header for it."""
    if options.rules.advanced and not call.eventual:
        raise Refusal(
            400, "Request_UnsupportedQuery",
            "Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing.",
        )  # fmt: skip
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


def _size(call: Call, options: Options) -> int:
    wanted = call.preferences.get("odata.maxpagesize", "")
    if wanted.isdigit() and int(wanted) > 0:
        preferred = min(int(wanted), options.rules.largest)
        return preferred if options.top is None else min(options.top, preferred)
    return options.rules.page if options.top is None else options.top


def _link(call: Call, options: Options, found: list[Any], begin: int) -> str:
    kept = {name: value for name, value in call.query.items() if name.lower() not in ("$skip", "$skiptoken")}
    if options.rules.skips:
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
