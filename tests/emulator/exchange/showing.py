# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message as it goes out: preferences, what was selected and expanded, what the caller may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, entity
from emulator.exchange import access, attachments, mime
from emulator.exchange.expand import expansions, extended
from emulator.odata.filter import leaves
from emulator.odata.query import EXCHANGE, Options, read_single
from emulator.odata.schema import MESSAGE
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

# What Mail.ReadBasic leaves out (Graph permissions reference).
NOT_BASIC = ("body", "bodyPreview", "uniqueBody", "attachments")


def _body_type(call: Call) -> str:
    return "text" if call.preferences.get("outlook.body-content-type", "").lower() == "text" else "html"


def applied(call: Call) -> dict[str, str]:
    """Which preferences were followed."""
    found = []
    if "outlook.body-content-type" in call.preferences:
        found.append(f'outlook.body-content-type="{_body_type(call)}"')
    if attachments.immutable(call):
        found.append('IdType="ImmutableId"')
    return {"Preference-Applied": ", ".join(found)} if found else {}


def shown(call: Call, user: Document, document: Document, options: Options) -> Document:
    asked = options.select or MESSAGE.unasked
    full = dict(document)
    if {"body", "uniqueBody"} & set(asked):
        full["body"] = full["uniqueBody"] = _body(document, _body_type(call))
    if "internetMessageHeaders" in asked:
        headers = [] if document.get("submitted") and not call.world.setting("sent_items_headers") else (
            mime.headers(call.world.store.raw(document["immutableId"])))  # fmt: skip
        full["internetMessageHeaders"] = headers
    full["id"] = attachments.id_shown(call, document)
    out = options.pruned(full)
    if not access.may(call, user, access.READ):
        out = {name: value for name, value in out.items() if name not in NOT_BASIC}
    for name, inner in expansions(options).items():
        if name == "singleValueExtendedProperties":
            out |= extended(document, inner)
        if name == "attachments":
            out[name] = attachments.shown(call, document, inner)
    return {"@odata.etag": f'W/"{document["changeKey"]}"', **out}


def _body(document: Document, kind: str) -> dict[str, str]:
    if kind == "text":
        return {"contentType": "text", "content": document["text"]}
    html = document["html"] if document["html"] is not None else mime.html_of(document["text"])
    return {"contentType": "html", "content": html}


def check_basic(call: Call, user: Document, options: Options) -> None:
    """With ReadBasic alone, what it leaves out may neither be selected, expanded nor searched for."""
    if access.may(call, user, access.READ):
        return
    filtered = {leaf.path.split("/")[0] for leaf in leaves(options.filter)} if options.filter else set()
    if {*options.select, *filtered} & {*NOT_BASIC, "singleValueExtendedProperties"} or options.expand:
        raise access.access_denied()


def entity_of(call: Call, user: Document, document: Document, status: int = 200, options: Options | None = None) -> Answer:
    options = options or read_single({}, MESSAGE, EXCHANGE)
    context = call.context(f"users('{user['id']}')/messages{options.shown}/$entity")
    return entity(context, shown(call, user, document, options), status, applied(call))
