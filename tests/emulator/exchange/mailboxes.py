# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mailboxes hold: folders and messages, put in, found, moved, removed."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from emulator import ids
from emulator.clock import whole
from emulator.exchange import mime
from emulator.replication import MESSAGE, View
from emulator.store import Document
from emulator.world import World

# Well-known names and what users see (Graph: mailFolder).
WELL_KNOWN = {
    "msgfolderroot": "Top of Information Store", "inbox": "Inbox", "archive": "Archive", "drafts": "Drafts",
    "sentitems": "Sent Items", "deleteditems": "Deleted Items", "junkemail": "Junk Email", "outbox": "Outbox",
    "recoverableitemsdeletions": "Deletions",
}  # fmt: skip
HIDDEN = ("msgfolderroot", "recoverableitemsdeletions")
DELETED = "recoverableitemsdeletions"
# Well-known names of folders that mailboxes here do not have.
NOT_HERE = frozenset((
    "clutter", "conflicts", "conversationhistory", "localfailures", "scheduled", "searchfolders", "serverfailures", "syncissues",
))  # fmt: skip


def create_folders(world: World, user: Document) -> None:
    """The folders that every mailbox has; once."""
    if any(world.store.peek("mailFolder", mailbox=user["id"])):
        return
    root = ids.folder_id()
    for name, shown in WELL_KNOWN.items():
        key = root if name == "msgfolderroot" else ids.folder_id()
        world.store.put("mailFolder", key, {
            "id": key, "mailbox": user["id"], "wellKnown": name, "displayName": shown, "parentFolderId": root,
        })  # fmt: skip


def new_folder(world: World, parent: Document, name: str, *, hidden: bool = False) -> Document:
    folder = {
        "id": ids.folder_id(), "mailbox": parent["mailbox"], "wellKnown": None, "displayName": name,
        "parentFolderId": parent["id"], "isHidden": hidden,
    }  # fmt: skip
    world.store.put("mailFolder", folder["id"], folder)
    return folder


def change_folder(world: World, folder: Document, **properties: Any) -> Document:
    folder |= properties
    world.store.put("mailFolder", folder["id"], folder)
    return folder


def folders_in(world: World, folder: Document) -> list[Document]:
    """Those that a user can see, or could if they were not marked as hidden."""
    return [dict(one) for one in world.store.peek("mailFolder", parentFolderId=folder["id"]) if one["wellKnown"] not in HIDDEN]


def folders_below(world: World, folder: Document) -> list[Document]:
    """The folder itself, and all within it."""
    return [folder, *(lower for one in folders_in(world, folder) for lower in folders_below(world, one))]


def copied_folder(world: World, folder: Document, target: Document) -> Document:
    """Another of the same in a folder, with what it holds."""
    inner = folders_in(world, folder)
    made = new_folder(world, target, folder["displayName"], hidden=bool(folder.get("isHidden")))
    for one in list(world.store.peek("message", parentFolderId=folder["id"])):
        copied(world, one, made)
    for one in inner:
        copied_folder(world, one, made)
    return made


def remove_folder(world: World, user: Document, folder: Document) -> None:
    """With its messages; folders within it are left."""
    for one in list(messages(world, user, folder["id"])):
        remove(world, one)
    world.store.delete("mailFolder", folder["id"])


def folder(world: World, user: Document, name: str) -> Document | None:
    """By id, or by its well-known name in any case."""
    for found in world.store.peek("mailFolder", mailbox=user["id"]):
        if found["id"] == name or (found["wellKnown"] or "?") == name.lower():
            return dict(found)
    return None


def messages(world: World, user: Document, folder_id: str | None = None) -> Iterator[Document]:
    """Not copied: to be read only."""
    having = {"mailbox": user["id"], **({"parentFolderId": folder_id} if folder_id else {})}
    return world.store.peek("message", **having)


def listed(world: World, view: View, user: Document, folder_id: str | None = None) -> Iterator[Document]:
    """As a list shows them at this moment: late, where messages lag. All of a mailbox are those that are not deleted."""
    if not world.replication.lags(MESSAGE):
        found = messages(world, user, folder_id)
    else:
        found = view.all(MESSAGE, mailbox=user["id"], **({"parentFolderId": folder_id} if folder_id else {}))
    if folder_id:
        return found
    gone = folder(world, user, DELETED)
    return (one for one in found if one["parentFolderId"] != (gone or {}).get("id"))


def message(world: World, user: Document, key: str) -> Document | None:
    """By its id of now or its immutable one; their case matters."""
    found = world.store.get("message", key)
    if found is None:
        found = next((dict(one) for one in world.store.peek("message", id=key)), None)
    return found if found and found["mailbox"] == user["id"] else None


def sender(user: Document) -> dict[str, str]:
    """The mailbox as the originator of a message."""
    return {"name": user["displayName"], "address": user["mail"] or user["userPrincipalName"]}


def put_in(world: World, user: Document, folder_name: str, raw: bytes, **properties: Any) -> Document:
    """Keep a message, as it came, in a folder."""
    where = folder(world, user, folder_name)
    assert where, folder_name
    now = whole(world.clock.now())
    key = ids.immutable_id()
    document = {
        **mime.properties(raw, now), "id": ids.message_id(), "immutableId": key, "mailbox": user["id"],
        "parentFolderId": where["id"], "createdDateTime": now, "lastModifiedDateTime": now, "changeKey": ids.change_key(),
        "receivedDateTime": now, "categories": [], "isRead": False, "isDraft": False, "inferenceClassification": "focused",
        "flag": {"flagStatus": "notFlagged"}, "singleValueExtendedProperties": [], **properties,
    }  # fmt: skip
    world.store.put_raw(key, raw)
    world.store.put("message", key, document)
    return document


def change(world: World, document: Document, **properties: Any) -> Document:
    """Keep changed properties; the change key becomes another."""
    document |= properties | {"changeKey": ids.change_key(), "lastModifiedDateTime": whole(world.clock.now())}
    world.store.put("message", document["immutableId"], document)
    return document


def copied(world: World, document: Document, target: Document) -> Document:
    """Another of the same in a folder."""
    raw = world.store.raw(document["immutableId"])
    made = {**document, "id": ids.message_id(), "immutableId": ids.immutable_id(), "parentFolderId": target["id"]}
    world.store.put_raw(made["immutableId"], raw)
    return change(world, made)


def rewrite(world: World, document: Document, message: EmailMessage, **properties: Any) -> Document:
    """Keep another MIME of a message, and what follows from it; it stays in its conversation."""
    raw = message.as_bytes()
    world.store.put_raw(document["immutableId"], raw)
    found = mime.properties(raw, document["sentDateTime"])
    thread = {name: document[name] for name in ("conversationId", "conversationIndex")}
    return change(world, document, **{**found, **thread, **properties})


def tagged(document: Document, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Its extended properties with these, each of which is added or takes the place of the one of its id."""
    found = {one["id"].lower(): one for one in document["singleValueExtendedProperties"]}
    return list((found | {str(one.get("id")).lower(): one for one in given}).values())


def remove(world: World, document: Document) -> None:
    world.store.delete("message", document["immutableId"])
    world.store.delete_raw(document["immutableId"])
