"""/users/{id}/mailFolders: by id or well-known name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal, entity, nothing
from emulator.exchange import access, mailboxes
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, read, read_single
from emulator.odata.schema import MAIL_FOLDER
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

LIST = "users/{user}/mailFolders"
ONE = LIST + "/{folder}"


def item_not_found() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def shown(call: Call, folder: Document) -> Document:
    """With its counts of now."""
    held = list(call.world.store.peek("message", parentFolderId=folder["id"]))
    return folder | {
        "totalItemCount": len(held), "unreadItemCount": sum(not one["isRead"] for one in held), "isHidden": False,
        "sizeInBytes": sum(len(one["text"]) for one in held),
        "childFolderCount": sum(one["id"] != folder["id"] for one in call.world.store.peek(
            "mailFolder", parentFolderId=folder["id"]) if one["wellKnown"] not in mailboxes.HIDDEN),
    }  # fmt: skip


def named(call: Call, user: Document, name: str) -> Document:
    """The folder of this id or well-known name; 404 ErrorItemNotFound, or 400 where it is neither."""
    found = mailboxes.folder(call.world, user, name)
    if found is None:
        if not name.startswith("AQMk"):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    return found


def _context(user: Document) -> str:
    return f"users('{user['id']}')/mailFolders"


def _page(call: Call, user: Document, parent: str) -> Answer:
    options = read(call.query, MAIL_FOLDER, EXCHANGE)
    found = options.chosen(
        shown(call, one) for one in call.world.store.peek("mailFolder", mailbox=user["id"], parentFolderId=parent)
        if one["wellKnown"] not in mailboxes.HIDDEN
    )  # fmt: skip
    return page_of(call, _context(user), options, found)


@routes.add("GET", LIST)
def list_folders(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    return _page(call, user, named(call, user, "msgfolderroot")["id"])


@routes.add("GET", ONE)
def get(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    options = read_single(call.query, MAIL_FOLDER, EXCHANGE)
    folder = shown(call, named(call, user, call.key("folder")))
    return entity(call.context(f"{_context(user)}{options.shown}/$entity"), options.pruned(folder))


@routes.add("GET", ONE + "/childFolders")
def list_children(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    return _page(call, user, named(call, user, call.key("folder"))["id"])


@routes.add("POST", LIST)
@routes.add("POST", ONE + "/childFolders")
def create(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    parent = named(call, user, call.key("folder") if "folder" in call.keys else "msgfolderroot")
    name = _name(call.json())
    if any(one["displayName"].lower() == name.lower()
           for one in call.world.store.peek("mailFolder", parentFolderId=parent["id"])):  # fmt: skip
        raise Refusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")
    folder = shown(call, mailboxes.new_folder(call.world, parent, name))
    body = read_single({}, MAIL_FOLDER, EXCHANGE).pruned(folder)
    return entity(call.context(_context(user) + "/$entity"), body, 201)


@routes.add("DELETE", ONE)
def delete(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    folder = named(call, user, call.key("folder"))
    if folder["wellKnown"]:
        raise Refusal(403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    for message in list(mailboxes.messages(call.world, user, folder["id"])):
        mailboxes.remove(call.world, message)
    call.world.store.delete("mailFolder", folder["id"])
    return nothing()


def _name(given: dict[str, Any]) -> str:
    name = str(given.get("displayName") or "")
    if not name:
        raise Refusal(400, "ErrorFolderNameInvalid", "The folder name is empty.")
    return name
