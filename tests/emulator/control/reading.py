# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return the emulator's objects to a test, without secrets and keys."""

from __future__ import annotations

import base64
from typing import Any

from emulator.exchange import mailboxes
from emulator.exchange.rights import owner_of
from emulator.store import Document
from emulator.world import World

KINDS = {
    "applications": "application", "service_principals": "servicePrincipal", "users": "user",
    "app_role_assignments": "appRoleAssignment", "role_assignments": "exchangeRoleAssignment", "outgoing": "outgoing",
}  # fmt: skip


def state(world: World) -> dict[str, Any]:
    """All of it, and the most requests that an application ever had under way in mailboxes."""
    found: dict[str, Any] = {name: [_bare(one) for one in world.store.all(kind)] for name, kind in KINDS.items()}
    return found | {"most_concurrent": world.most_working, "offset": world.clock.offset}


def _bare(document: Document) -> Document:
    for credential in document.get("passwordCredentials", ()):
        credential.pop("digest", None)
    return document


def messages(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a mailbox (`mailbox`: an address), in the order of their coming; `folder` narrows it; `raw` is base64."""
    user = owner_of(world, given["mailbox"])
    if user is None:
        return []
    names = {one["id"]: one["wellKnown"] for one in world.store.peek("mailFolder", mailbox=user["id"])}
    found = []
    for message in mailboxes.messages(world, user):
        folder = names[message["parentFolderId"]]
        if given.get("folder") in (None, folder):
            found.append({
                "id": message["id"], "folder": folder, "is_read": message["isRead"], "subject": message["subject"],
                "categories": message["categories"],
                "raw": base64.b64encode(world.store.raw(message["immutableId"])).decode(),
            })  # fmt: skip
    return found
