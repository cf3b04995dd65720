# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: list, raw MIME, mark, move, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, Refusal, entity, nothing
from emulator.exchange import access, mailboxes, mime
from emulator.exchange.places import folder_named, folder_of, message_of, on_message, on_messages
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, Options, read, read_single
from emulator.odata.schema import MESSAGE
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

CHANGEABLE: dict[str, Callable[[Any], bool]] = {
    "isRead": lambda value: isinstance(value, bool),
    "categories": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
}


@on_messages("GET")
def list_messages(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    folder = folder_of(call, user) if "folder" in call.keys else None
    options = read(call.query, MESSAGE, EXCHANGE)
    held = list(mailboxes.listed(call.world, call.view, user, folder["id"] if folder else None))
    if not options.order:
        held.reverse()
        held.sort(key=lambda one: one["receivedDateTime"], reverse=True)
    context = f"users('{user['id']}')/" + (f"mailFolders('{call.key('folder')}')/" if folder else "") + "messages"
    answer = page_of(call, context, options, options.chosen(held), lambda one: _shown(call, one, options))
    return Answer(answer.status, answer.body, answer.headers | _applied(call))


@on_message("GET")
def get_message(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    document, options = message_of(call, user), read_single(call.query, MESSAGE, EXCHANGE)
    context = call.context(f"users('{user['id']}')/messages/$entity")
    return entity(context, _shown(call, document, options), 200, _applied(call))


@on_message("GET", "/$value")
def get_raw(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    document = message_of(call, user)
    return Answer(200, call.world.store.raw(document["immutableId"]), {"Content-Type": "text/plain"})


@on_message("PATCH")
def update(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    given = call.json()
    document = message_of(call, user)
    for name, value in given.items():
        if name not in MESSAGE.properties:
            raise _unreadable(f"The property '{name}' does not exist on type 'microsoft.graph.message'.")
        if name not in CHANGEABLE:
            raise Refusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{name}'.")
        if not CHANGEABLE[name](value):
            raise _unreadable(f"Cannot convert the literal '{value}' to the expected type of the property '{name}'.")
    return _entity(call, user, mailboxes.change(call.world, document, **given))


def _unreadable(text: str) -> Refusal:
    return Refusal(400, "RequestBodyRead", text)


@on_message("POST", "/move")
def move(call: Call) -> Answer:
    """201, and a new id; the immutable one stays."""
    user = access.mailbox(call, access.WRITE)
    document, name = message_of(call, user), call.json().get("destinationId")
    if not name or not isinstance(name, str):
        raise Refusal(400, "ErrorInvalidParameter", "The value of the parameter 'DestinationId' is empty.")
    target = folder_named(call, user, name)
    return _entity(call, user, mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=target["id"]), 201)


@on_message("DELETE")
def delete(call: Call) -> Answer:
    """To Recoverable Items, out of sight of the folders."""
    user = access.mailbox(call, access.WRITE)
    document = message_of(call, user)
    hidden = mailboxes.folder(call.world, user, mailboxes.DELETED)
    assert hidden
    mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=hidden["id"])
    return nothing()


def _entity(call: Call, user: Document, document: Document, status: int = 200) -> Answer:
    options = read_single({}, MESSAGE, EXCHANGE)
    context = call.context(f"users('{user['id']}')/messages/$entity")
    return entity(context, _shown(call, document, options), status, _applied(call))


def _shown(call: Call, document: Document, options: Options) -> Document:
    full = dict(document)
    if "internetMessageHeaders" in options.select:
        hidden = document.get("submitted") and not call.world.setting("sent_items_headers")
        full["internetMessageHeaders"] = [] if hidden else mime.headers(call.world.store.raw(document["immutableId"]))
    full["id"] = document["immutableId" if _immutable(call) else "id"]
    return {"@odata.etag": f'W/"{document["changeKey"]}"', **options.pruned(full)}


def _immutable(call: Call) -> bool:
    return call.preferences.get("idtype", "").lower() == "immutableid"


def _applied(call: Call) -> dict[str, str]:
    """Which preferences were followed."""
    return {"Preference-Applied": 'IdType="ImmutableId"'} if _immutable(call) else {}
