# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where folders and messages stand in a path: below the mailbox, a folder, a folder within it; and what such a path names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.answer import Refusal
from emulator.exchange import mailboxes
from emulator.routing import Handler, routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

FOLDERS = "users/{user}/mailFolders"
# A folder within a folder, as deep as paths go here.
_KEYS = ("folder", "child", "grandchild")
FOLDER = tuple(
    FOLDERS + "/" + "/childFolders/".join(f"{{{key}}}" for key in _KEYS[:depth]) for depth in range(1, len(_KEYS) + 1)
)
MESSAGES = ("users/{user}/messages", *(f"{folder}/messages" for folder in FOLDER))


def _at(roots: tuple[str, ...]) -> Callable[..., Callable[[Handler], Handler]]:
    def add(method: str, below: str = "") -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for root in roots:
                routes.add(method, root + below)(handler)
            return handler

        return register

    return add


on_folder, on_messages = _at(FOLDER), _at(MESSAGES)
on_message = _at(tuple(f"{root}/{{message}}" for root in MESSAGES))


def item_not_found() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def folder_named(call: Call, user: Document, name: str) -> Document:
    """The folder of this id or well-known name; 404 ErrorItemNotFound, or 400 where it is neither."""
    found = mailboxes.folder(call.world, user, name)
    if found is None:
        if not name.startswith("AQMk") and name.lower() not in mailboxes.NOT_HERE:
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    return found


def folder_of(call: Call, user: Document) -> Document:
    """The last folder that the path names, each within the one before."""
    found = folder_named(call, user, call.key("folder"))
    for key in _KEYS[1:]:
        if key in call.keys:
            inner = folder_named(call, user, call.key(key))
            if inner["parentFolderId"] != found["id"]:
                raise item_not_found()
            found = inner
    return found


def message_of(call: Call, user: Document) -> Document:
    key = call.key("message")
    found = mailboxes.message(call.world, user, key)
    if found is None:
        if not key.startswith(("AAMk", "AAkA", "AQMk")):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    if "folder" in call.keys and found["parentFolderId"] != folder_of(call, user)["id"]:
        raise item_not_found()
    return found


def destination(call: Call, user: Document, name: str | None) -> Document:
    """Of a move or a copy."""
    if not name:
        raise Refusal(400, "ErrorInvalidParameter", "The value of the parameter 'DestinationId' is empty.")
    return folder_named(call, user, name)
