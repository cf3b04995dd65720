# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the folder or the message that a path names, below the mailbox or below a folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.answer import Refusal
from emulator.exchange import mailboxes
from emulator.routing import Handler, routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

FOLDER = "users/{user}/mailFolders/{folder}"
MESSAGES = ("users/{user}/messages", f"{FOLDER}/messages")


def on_message(method: str, below: str = "") -> Callable[[Handler], Handler]:
    """Answer for a message below the mailbox, and below its folder."""
    return on_messages(method, "/{message}" + below)


def on_messages(method: str, below: str = "") -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for root in MESSAGES:
            routes.add(method, root + below)(handler)
        return handler

    return register


def item_not_found() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def folder_named(call: Call, user: Document, name: str) -> Document:
    """The folder of this id or well-known name; 404 ErrorItemNotFound, or 400 where it is neither."""
    found = mailboxes.folder(call.world, user, name)
    if found is None:
        if not name.startswith("AQMk"):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    return found


def folder_of(call: Call, user: Document) -> Document:
    return folder_named(call, user, call.key("folder"))


def message_of(call: Call, user: Document) -> Document:
    """The message; in a folder that the path names it has to lie there."""
    key = call.key("message")
    found = mailboxes.message(call.world, user, key)
    if found is None:
        if not key.startswith(("AAMk", "AAkA")):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    if "folder" in call.keys and found["parentFolderId"] != folder_of(call, user)["id"]:
        raise item_not_found()
    return found
