# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: list, get, raw MIME, mark, move, copy, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, Refusal, nothing
from emulator.exchange import access, mailboxes, mime, resource
from emulator.exchange.compose import IN_MIME
from emulator.exchange.compose import change as change_mime
from emulator.exchange.places import destination, folder_of, message_of, on_message, on_messages
from emulator.exchange.showing import applied, check_basic, entity_of, shown
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, read, read_single
from emulator.odata.schema import MESSAGE
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

# What a PATCH may change of a message that is no draft; and what of it is kept beside the MIME of a draft.
CHANGEABLE = ("isRead", "categories", "importance", "flag", "inferenceClassification", "isDeliveryReceiptRequested",
              "isReadReceiptRequested", "singleValueExtendedProperties")  # fmt: skip
BESIDE = tuple(name for name in CHANGEABLE if name not in IN_MIME)


@on_messages("GET")
def list_messages(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    folder = folder_of(call, user) if "folder" in call.keys else None
    options = read(call.query, MESSAGE, EXCHANGE)
    check_basic(call, user, options)
    held = list(mailboxes.listed(call.world, call.view, user, folder["id"] if folder else None))
    if not options.order:
        held.reverse()
        held.sort(key=lambda one: one["receivedDateTime"], reverse=True)
    context = f"users('{user['id']}')/" + (f"mailFolders('{call.key('folder')}')/" if folder else "") + "messages"
    answer = page_of(call, context, options, options.chosen(held), lambda one: shown(call, user, one, options))
    followed = [value for value in (answer.headers.get("Preference-Applied"), *applied(call).values()) if value]
    return Answer(answer.status, answer.body, answer.headers | ({"Preference-Applied": ", ".join(followed)} if followed else {}))


@on_messages("GET", "/$count")
def count(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    folder = folder_of(call, user) if "folder" in call.keys else None
    options = read(call.query, MESSAGE, EXCHANGE)
    found = options.chosen(mailboxes.listed(call.world, call.view, user, folder["id"] if folder else None))
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


@on_message("GET")
def get(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    options = read_single(call.query, MESSAGE, EXCHANGE)
    check_basic(call, user, options)
    return entity_of(call, user, message_of(call, user), options=options)


@on_message("GET", "/$value")
def get_raw(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    document = message_of(call, user)
    return Answer(200, call.world.store.raw(document["immutableId"]), {"Content-Type": "text/plain"})


@on_message("PATCH")
def update(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    given = resource.message(call.json())
    document = message_of(call, user)
    if "attachments" in given:
        raise _not_settable("attachments")
    if "singleValueExtendedProperties" in given:
        given["singleValueExtendedProperties"] = mailboxes.tagged(document, given["singleValueExtendedProperties"] or [])
    if document["isDraft"]:
        return entity_of(call, user, _changed_draft(call, user, document, given))
    for name in given:
        if name not in CHANGEABLE:
            raise _not_settable(name)
    return entity_of(call, user, mailboxes.change(call.world, document, **given))


def _not_settable(name: str) -> Refusal:
    return Refusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{name}'.")


def beside(given: dict[str, Any]) -> dict[str, Any]:
    """What of it is kept beside the MIME; nothing where a collection is cleared."""
    lists = ("categories", "singleValueExtendedProperties")
    return {name: given[name] or [] if name in lists else given[name] for name in BESIDE if name in given}


def _changed_draft(call: Call, user: Document, document: Document, given: dict[str, Any]) -> Document:
    """Of a draft also what it says may be changed; the rest of its MIME stays, and what Graph alone sets is left out."""
    if not IN_MIME & set(given):
        return mailboxes.change(call.world, document, **beside(given))
    message = mime.parsed(call.world.store.raw(document["immutableId"]))
    change_mime(message, given, mailboxes.sender(user))
    return mailboxes.rewrite(call.world, document, message, **beside(given))


@on_message("POST", "/move")
def move(call: Call) -> Answer:
    """201, and a new id; the immutable one stays."""
    user = access.mailbox(call, access.WRITE)
    document, target = message_of(call, user), _destination(call, user)
    return entity_of(
        call, user, mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=target["id"]), 201
    )


@on_message("POST", "/copy")
def copy(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    document, target = message_of(call, user), _destination(call, user)
    return entity_of(call, user, mailboxes.copied(call.world, document, target), 201)


def _destination(call: Call, user: Document) -> Document:
    return destination(call, user, resource.parameters(call.json()).get("destinationid"))


@on_message("DELETE")
def delete(call: Call) -> Answer:
    """To Recoverable Items, out of sight of the folders."""
    user = access.mailbox(call, access.WRITE)
    document = message_of(call, user)
    hidden = mailboxes.folder(call.world, user, mailboxes.DELETED)
    assert hidden
    if document["parentFolderId"] == hidden["id"]:
        mailboxes.remove(call.world, document)
    else:
        mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=hidden["id"])
    return nothing()
