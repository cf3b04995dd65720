# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/users/{id}/mailFolders: by id or well-known name, and folders within folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal, entity, nothing
from emulator.exchange import access, mailboxes, resource
from emulator.exchange.expand import expansions
from emulator.exchange.places import FOLDERS, destination, folder_named, folder_of, on_folder
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, Options, read, read_single
from emulator.odata.schema import MAIL_FOLDER
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


def _counted(call: Call, folder: Document) -> Document:
    """With its counts of now."""
    held = list(call.world.store.peek("message", parentFolderId=folder["id"]))
    return folder | {
        "totalItemCount": len(held), "unreadItemCount": sum(not one["isRead"] for one in held),
        "isHidden": folder.get("isHidden", False), "sizeInBytes": sum(len(one["text"]) for one in held),
        "childFolderCount": len(_children(call, folder, hidden=False)),
    }  # fmt: skip


def _children(call: Call, folder: Document, *, hidden: bool) -> list[Document]:
    return [one for one in mailboxes.folders_in(call.world, folder) if hidden or not one.get("isHidden")]


def _shown(call: Call, folder: Document, options: Options) -> Document:
    found = options.pruned(_counted(call, folder))
    if "childFolders" in expansions(options):
        inner = read(expansions(options)["childFolders"], MAIL_FOLDER, EXCHANGE)
        children = inner.chosen(_counted(call, one) for one in _children(call, folder, hidden=False))
        found["childFolders"] = [inner.pruned(one) for one in children]
    return found


def _context(user: Document) -> str:
    return f"users('{user['id']}')/mailFolders"


def _parent(call: Call, user: Document) -> Document:
    """The folder whose children are meant: the one that the path names, or the root."""
    return folder_of(call, user) if "folder" in call.keys else folder_named(call, user, "msgfolderroot")


def _held(call: Call, user: Document) -> list[Document]:
    hidden = call.query.get("includeHiddenFolders", "").lower() == "true"
    return [_counted(call, one) for one in _children(call, _parent(call, user), hidden=hidden)]


@routes.add("GET", FOLDERS)
@on_folder("GET", "/childFolders")
def list_folders(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    options = read(call.query, MAIL_FOLDER, EXCHANGE)
    found = options.chosen(_held(call, user))
    return page_of(call, _context(user), options, found, lambda one: _shown(call, one, options))


@routes.add("GET", FOLDERS + "/$count")
@on_folder("GET", "/childFolders/$count")
def count(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    found = read(call.query, MAIL_FOLDER, EXCHANGE).chosen(_held(call, user))
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


@on_folder("GET")
def get(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    options = read_single(call.query, MAIL_FOLDER, EXCHANGE)
    return _entity(call, user, folder_of(call, user), options=options)


def _entity(call: Call, user: Document, folder: Document, status: int = 200, options: Options | None = None) -> Answer:
    options = options or read_single({}, MAIL_FOLDER, EXCHANGE)
    return entity(call.context(f"{_context(user)}{options.shown}/$entity"), _shown(call, folder, options), status)


@routes.add("POST", FOLDERS)
@on_folder("POST", "/childFolders")
def create(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    given = resource.folder(call.json())
    parent, name = _parent(call, user), _name(given)
    _check_free(call, parent, name)
    made = mailboxes.new_folder(call.world, parent, name, hidden=bool(given.get("isHidden")))
    return _entity(call, user, made, 201)


@on_folder("PATCH")
def rename(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    name = _name(resource.folder(call.json()))
    folder = folder_of(call, user)
    _check_free(call, _above(call, folder), name, but=folder)
    return _entity(call, user, mailboxes.change_folder(call.world, folder, displayName=name))


def _name(given: dict[str, Any]) -> str:
    if not given.get("displayName"):
        raise Refusal(400, "ErrorFolderNameInvalid", "The folder name is empty.")
    return str(given["displayName"])


def _above(call: Call, folder: Document) -> Document:
    found = call.world.store.get("mailFolder", folder["parentFolderId"])
    assert found
    return found


def _check_free(call: Call, parent: Document, name: str, but: Document | None = None) -> None:
    for one in mailboxes.folders_in(call.world, parent):
        if one["displayName"].lower() == name.lower() and one["id"] != (but or {}).get("id"):
            raise Refusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")


@on_folder("POST", "/move")
def move(call: Call) -> Answer:
    def moved(folder: Document, target: Document) -> Document:
        if folder["wellKnown"]:
            raise Refusal(403, "ErrorMoveDistinguishedFolder", "Distinguished folders cannot be moved.")
        return mailboxes.change_folder(call.world, folder, parentFolderId=target["id"])

    return _taken(call, moved)


@on_folder("POST", "/copy")
def copy(call: Call) -> Answer:
    return _taken(call, lambda folder, target: mailboxes.copied_folder(call.world, folder, target))


def _taken(call: Call, take: Callable[[Document, Document], Document]) -> Answer:
    """200 with the folder where it is then; never into itself."""
    user = access.mailbox(call, access.WRITE)
    folder = folder_of(call, user)
    target = destination(call, user, resource.parameters(call.json()).get("destinationid"))
    if target["id"] in [one["id"] for one in mailboxes.folders_below(call.world, folder)]:
        raise Refusal(400, "ErrorMoveCopyFailed", "The folder cannot be taken into itself.")
    _check_free(call, target, folder["displayName"])
    return _entity(call, user, take(folder, target))


@on_folder("DELETE")
def delete(call: Call) -> Answer:
    """With all that it holds."""
    user = access.mailbox(call, access.WRITE)
    folder = folder_of(call, user)
    if folder["wellKnown"]:
        raise Refusal(403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    for one in mailboxes.folders_below(call.world, folder):
        mailboxes.remove_folder(call.world, user, one)
    return nothing()
