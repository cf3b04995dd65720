# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GET /users/{user}; tests make users by the control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, entity, not_found
from emulator.directory.permissions import READ_USERS, require
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import USER
from emulator.replication import View
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


def named(view: View, tenant: str, name: str) -> Document | None:
    """A user by id or by userPrincipalName; other addresses are no key."""
    if ids.is_guid(name):
        found = view.get("user", name.lower())
        return found if found and found["tenant"] == tenant else None
    return next((user for user in view.all("user", tenant=tenant) if user["userPrincipalName"].lower() == name.lower()), None)


@routes.add("GET", "users/{user}")
def get(call: Call) -> Answer:
    require(call, *READ_USERS)
    user = named(call.view, call.tenant, call.key("user"))
    if user is None:
        raise not_found(call.key("user"))
    options = read_single(call.query, USER, DIRECTORY)
    return entity(call.context(f"users{options.shown}/$entity"), options.pruned(user))
