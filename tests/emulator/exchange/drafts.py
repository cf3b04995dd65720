# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drafts: made, in Drafts or in a folder, and sent. They are changed where messages are."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal
from emulator.exchange import access, mailboxes, mime, resource
from emulator.exchange.compose import mime_of
from emulator.exchange.messages import beside
from emulator.exchange.places import folder_of, message_of, on_message, on_messages
from emulator.exchange.sending import from_base64, is_mime, submit
from emulator.exchange.showing import entity_of
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


def kept(call: Call, user: Document, raw: bytes, given: dict[str, Any], folder: str = "drafts") -> Document:
    """A draft with a Message-ID, which it keeps when it is sent."""
    message = mime.parsed(raw)
    if not mime.header(message, "Message-ID"):
        message["Message-ID"] = f"<{secrets.token_hex(18).upper()}@EM0PR01MB0001.eurprd01.prod.outlook.com>"
    return mailboxes.put_in(
        call.world, user, folder, message.as_bytes(), **{"isRead": True, **beside(given), "isDraft": True}
    )


@on_messages("POST")
def create(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    folder = folder_of(call, user)["id"] if "folder" in call.keys else "drafts"
    if is_mime(call):
        return entity_of(call, user, kept(call, user, from_base64(call.body), {}, folder), 201)
    given = resource.message(call.json())
    return entity_of(call, user, kept(call, user, mime_of(given, mailboxes.sender(user)), given, folder), 201)


@on_message("POST", "/send")
def send(call: Call) -> Answer:
    """202: the draft is moved to Sent Items, and so has another id (facts: not even its immutable id is sure)."""
    user = access.mailbox(call, access.SEND)
    draft = message_of(call, user)
    if not draft["isDraft"]:
        raise Refusal(400, "ErrorInvalidOperation", "The message is not a draft and cannot be sent.")
    submit(call, user, call.world.store.raw(draft["immutableId"]), keep=True,
           singleValueExtendedProperties=draft["singleValueExtendedProperties"], categories=draft["categories"])  # fmt: skip
    mailboxes.remove(call.world, draft)
    return Answer(202)
