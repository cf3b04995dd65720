# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GET /users/{user}/mailFolders/{folder}: by id or well-known name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, entity
from emulator.exchange import access
from emulator.exchange.places import FOLDER, folder_of
from emulator.odata.query import EXCHANGE, read_single
from emulator.odata.schema import MAIL_FOLDER
from emulator.routing import routes

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("GET", FOLDER)
def get(call: Call) -> Answer:
    """The folder, with its counts of now."""
    user = access.mailbox(call, access.READ_BASIC)
    options = read_single(call.query, MAIL_FOLDER, EXCHANGE)
    folder = folder_of(call, user)
    held = list(call.world.store.peek("message", parentFolderId=folder["id"]))
    counted = folder | {"totalItemCount": len(held), "unreadItemCount": sum(not one["isRead"] for one in held)}
    return entity(call.context(f"users('{user['id']}')/mailFolders{options.shown}/$entity"), options.pruned(counted))
