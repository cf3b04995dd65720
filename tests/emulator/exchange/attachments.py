# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hangs on a message: list, get, raw content, add, remove. All of it stands in the message's MIME."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.answer import Answer, Refusal, entity, nothing
from emulator.exchange import access, mailboxes, mime, parts, resource
from emulator.exchange.compose import part_of
from emulator.exchange.headers import header
from emulator.exchange.parts import Attached
from emulator.exchange.places import item_not_found, message_of, on_message
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, Options, read, read_single
from emulator.odata.schema import ATTACHMENT, FILE_ATTACHMENT
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

_CAST = "microsoft.graph.fileattachment/"
_ONE = "/attachments/{attachment}"


def immutable(call: Call) -> bool:
    return call.preferences.get("idtype", "").lower() == "immutableid"


def id_shown(call: Call, message: Document) -> str:
    found: str = message["immutableId" if immutable(call) else "id"]
    return found


def _ids(message: Document, one: Attached) -> dict[str, str]:
    """By both ids of the message: what is shown begins with that of the message."""
    return {name: f"{message[name].rstrip('=')}BEgAQA{one.mark}" for name in ("id", "immutableId")}


def _all(call: Call, message: Document) -> list[Attached]:
    return parts.attached(mime.parsed(call.world.store.raw(message["immutableId"])))


def _resource(call: Call, message: Document, one: Attached) -> Document:
    """A fileAttachment, or an itemAttachment where a message is attached."""
    common = {
        "id": _ids(message, one)["immutableId" if immutable(call) else "id"],
        "lastModifiedDateTime": message["lastModifiedDateTime"], "name": one.name,
        "contentType": None if one.item else one.kind, "size": len(one.content), "isInline": one.inline,
    }  # fmt: skip
    if one.item:
        return {"@odata.type": "#microsoft.graph.itemAttachment", **common}
    return {
        "@odata.type": "#microsoft.graph.fileAttachment", "@odata.mediaContentType": one.kind, **common,
        "contentId": one.content_id, "contentLocation": header(one.part, "Content-Location") or None,
        "contentBytes": base64.b64encode(one.content).decode(),
    }  # fmt: skip


def _asked(query: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """The query without what $select asks of the derived type alone, and that."""
    kept, cast = dict(query), set()
    for name, value in query.items():
        if name.lower().lstrip("$") == "select":
            names = [one.strip() for one in value.split(",")]
            cast = {one[len(_CAST):] for one in names if one.lower().startswith(_CAST)}
            kept[name] = ",".join(["id", *(one for one in names if not one.lower().startswith(_CAST))] if cast else names)
    return kept, cast & set(FILE_ATTACHMENT)


def _pruned(options: Options, cast: set[str], full: Document) -> Document:
    if not options.select:
        return full
    wanted = {"id", *options.select, *cast}
    return {name: value for name, value in full.items() if name in wanted or "@odata" in name}


def shown(call: Call, message: Document, query: Mapping[str, str]) -> list[Document]:
    """As $expand adds them."""
    kept, cast = _asked(query)
    options = read(kept, ATTACHMENT, EXCHANGE)
    found = options.chosen(_resource(call, message, one) for one in _all(call, message))
    return [_pruned(options, cast, dict(one)) for one in found]


def _context(call: Call, user: Document) -> str:
    return f"users('{user['id']}')/messages('{call.key('message')}')/attachments"


@on_message("GET", "/attachments")
def list_attachments(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    message = message_of(call, user)
    kept, cast = _asked(call.query)
    options = read(kept, ATTACHMENT, EXCHANGE)
    found = options.chosen(_resource(call, message, one) for one in _all(call, message))
    return page_of(call, _context(call, user), options, found, lambda one: _pruned(options, cast, one))


@on_message("GET", "/attachments/$count")
def count(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    found = _all(call, message_of(call, user))
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


def _one(call: Call, message: Document) -> Attached:
    key = call.key("attachment")
    for one in _all(call, message):
        if key in _ids(message, one).values():
            return one
    if not key.startswith(("AAMk", "AAkA")):
        raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    raise item_not_found()


@on_message("GET", _ONE)
def get(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    message = message_of(call, user)
    kept, cast = _asked(call.query)
    options = read_single(kept, ATTACHMENT, EXCHANGE)
    found = _pruned(options, cast, _resource(call, message, _one(call, message)))
    return entity(call.context(f"{_context(call, user)}{options.shown}/$entity"), found)


@on_message("GET", _ONE + "/$value")
def get_content(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    found = _one(call, message_of(call, user))
    return Answer(200, found.content, {"Content-Type": "text/plain" if found.item else found.kind})


@on_message("POST", "/attachments")
def add(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    given = resource.attachment(call.raw_json())
    document = message_of(call, user)
    message = mime.parsed(call.world.store.raw(document["immutableId"]))
    before = {one.mark for one in parts.attached(message)}
    parts.add(message, part_of(given, mailboxes.sender(user)))
    document = mailboxes.rewrite(call.world, document, message)
    [made] = [one for one in parts.attached(message) if one.mark not in before]
    return entity(call.context(f"{_context(call, user)}/$entity"), _resource(call, document, made), 201)


@on_message("DELETE", _ONE)
def delete(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    document = message_of(call, user)
    wanted = _one(call, document).mark
    message = mime.parsed(call.world.store.raw(document["immutableId"]))
    [found] = [one for one in parts.attached(message) if one.mark == wanted]
    parts.remove(message, found)
    mailboxes.rewrite(call.world, document, message)
    return nothing()

