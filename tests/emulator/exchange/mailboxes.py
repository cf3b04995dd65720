# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store, find and change the folders and messages of mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator import ids
from emulator.clock import whole
from emulator.exchange import mime
from emulator.replication import MESSAGE, View
from emulator.store import Document
from emulator.world import World

WELL_KNOWN = {
    "msgfolderroot": "Top of Information Store", "inbox": "Inbox", "archive": "Archive", "drafts": "Drafts",
    "sentitems": "Sent Items", "deleteditems": "Deleted Items", "junkemail": "Junk Email", "outbox": "Outbox",
    "recoverableitemsdeletions": "Deletions",
}  # fmt: skip
DELETED = "recoverableitemsdeletions"


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


def folder(world: World, user: Document, name: str) -> Document | None:
    """By id, or by its well-known name in any case."""
    for found in world.store.peek("mailFolder", mailbox=user["id"]):
        if found["id"] == name or found["wellKnown"] == name.lower():
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


def put_in(world: World, user: Document, folder_name: str, raw: bytes, **properties: Any) -> Document:
    """Keep a message, as it came, in a folder."""
    where = folder(world, user, folder_name)
    assert where, folder_name
    now = whole(world.clock.now())
    key = ids.immutable_id()
    document = {
        **mime.properties(raw, now), "id": ids.message_id(), "immutableId": key, "mailbox": user["id"],
        "parentFolderId": where["id"], "createdDateTime": now, "lastModifiedDateTime": now, "changeKey": ids.change_key(),
        "receivedDateTime": now, "categories": [], "isRead": False, **properties,
    }  # fmt: skip
    world.store.put_raw(key, raw)
    world.store.put("message", key, document)
    return document


def change(world: World, document: Document, **properties: Any) -> Document:
    """Keep changed properties; the change key becomes another."""
    document |= properties | {"changeKey": ids.change_key(), "lastModifiedDateTime": whole(world.clock.now())}
    world.store.put("message", document["immutableId"], document)
    return document
