# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what in which mailbox: roles of the token for all mailboxes, RBAC for Applications for some; and how many at once.

The two add up: an RBAC scope does not narrow a role that the token carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from emulator.answer import Refusal
from emulator.directory.users import named
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

SEND = ("Mail.Send",)
READ = ("Mail.Read", "Mail.ReadWrite")
READ_BASIC = ("Mail.ReadBasic", "Mail.ReadBasic.All", *READ)
WRITE = ("Mail.ReadWrite",)
MAILBOX_SEGMENTS = ("messages", "mailfolders", "sendmail")

# Exchange's application roles, and the permissions that each holds ("Role Based Access Control for Applications").
AT_ONCE = 4
"""Requests to mailboxes that one application may have under way."""

APPLICATION_ROLES = {
    "Application Mail.Read": "Mail.Read",
    "Application Mail.ReadBasic": "Mail.ReadBasic",
    "Application Mail.ReadWrite": "Mail.ReadWrite",
    "Application Mail.Send": "Mail.Send",
}


def mailbox(call: Call, rights: tuple[str, ...]) -> Document:
    """The user whose mailbox the path names, where the caller has one of these rights in it; else Refusal.

    The right is judged before anything in the mailbox is looked up.
    """
    name = call.key("user")
    user = named(call.view, call.tenant, name)
    if not call.caller.has(*rights) and not (user and _scoped(call, user, rights)):
        raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    if user is None:
        raise Refusal(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    address = user["userPrincipalName"]
    blocked = call.world.rules.meet(("access_policy",), app_id=call.caller.app_id, mailbox=address, path=call.raw_path)
    if blocked:
        raise Refusal(403, "ErrorAccessDenied", "Access to OData is disabled.")
    state = user["mailbox"]
    if state["state"] != "enabled":
        texts = {"MailboxNotEnabledForRESTAPI": "REST API is not yet supported for this mailbox.",
                 "ErrorNonExistentMailbox": "No mailbox with such guid."}  # fmt: skip
        code = state.get("error", "MailboxNotEnabledForRESTAPI")
        raise Refusal(404, code, texts.get(code, "The mailbox is either inactive, soft-deleted, or is hosted on-premise."))
    return user


def _scoped(call: Call, user: Document, rights: tuple[str, ...]) -> bool:
    """Whether an RBAC assignment of now gives one of these rights in this mailbox."""
    principal = f"/ServicePrincipals/{call.caller.object_id}".lower()
    for assignment in call.world.store.peek("exchangeRoleAssignment", tenant=call.tenant):
        if assignment["principalId"].lower() == principal and assignment["directoryScopeId"].lower() == f"/users/{user['id']}":
            role = call.world.store.get("exchangeRoleDefinition", assignment["roleDefinitionId"]) or {}
            if APPLICATION_ROLES.get(role.get("displayName", "")) in rights:
                return True
    return False


@asynccontextmanager
async def concurrency(call: Call) -> AsyncIterator[None]:
    """Requests to mailboxes take time, and only so many of an application may be under way: the next is answered 429."""
    if not _is_of_a_mailbox(call):
        yield
        return
    world, key = call.world, call.caller.app_id
    if world.working[key] >= AT_ONCE:
        raise Refusal(
            429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", headers={"Retry-After": "1"}
        )
    world.working[key] += 1
    world.most_working[key] = max(world.most_working.get(key, 0), world.working[key])
    try:
        seconds = world.setting("mailbox_seconds")
        if seconds:
            await asyncio.sleep(seconds)
        yield
    finally:
        world.working[key] -= 1


def _is_of_a_mailbox(call: Call) -> bool:
    parts = [str(segment).lower() for segment in call.segments]
    return len(parts) > 2 and parts[0] == "users" and parts[2] in MAILBOX_SEGMENTS
