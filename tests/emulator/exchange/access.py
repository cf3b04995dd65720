# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what in which mailbox: roles of the token for all mailboxes, RBAC for Applications for some; and how many at once.

The two add up: an RBAC scope does not narrow a role that the token carries.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from emulator.answer import Refusal
from emulator.directory.users import named
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call

SEND = ("Mail.Send",)
READ = ("Mail.Read", "Mail.ReadWrite")
READ_BASIC = ("Mail.ReadBasic", "Mail.ReadBasic.All", *READ)
WRITE = ("Mail.ReadWrite",)
MAILBOX_SEGMENTS = ("messages", "mailfolders", "sendmail")

# Exchange's application roles, and the permissions that each holds ("Role Based Access Control for Applications").
APPLICATION_ROLES = {
    "Application Mail.Read": ("Mail.Read",),
    "Application Mail.ReadBasic": ("Mail.ReadBasic",),
    "Application Mail.ReadWrite": ("Mail.ReadWrite",),
    "Application Mail.Send": ("Mail.Send",),
    "Application Mail Full Access": ("Mail.ReadWrite", "Mail.Send"),
    "Application MailboxSettings.Read": ("MailboxSettings.Read",),
    "Application MailboxSettings.ReadWrite": ("MailboxSettings.ReadWrite",),
    "Application Calendars.Read": ("Calendars.Read",),
    "Application Calendars.ReadWrite": ("Calendars.ReadWrite",),
    "Application Contacts.Read": ("Contacts.Read",),
    "Application Contacts.ReadWrite": ("Contacts.ReadWrite",),
    "Application EWS.AccessAsApp": ("full_access_as_app",),
    "Application Exchange Full Access": ("Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite", "Contacts.ReadWrite"),
}


def mailbox(call: Call, rights: tuple[str, ...]) -> Document:
    """The user whose mailbox the path names, where the caller has one of these rights in it; else Refusal.

    The right is judged before anything in the mailbox is looked up.
    """
    name = call.key("user")
    user = named(call.view, call.tenant, name)
    if not call.caller.has(*rights) and not (user and _scoped(call, user, rights)):
        raise access_denied()
    if user is None:
        raise Refusal(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    address = user["userPrincipalName"]
    blocked = call.world.rules.meet(("access_policy",), app_id=call.caller.app_id, mailbox=address, path=call.raw_path)
    if blocked:
        raise Refusal(403, "ErrorAccessDenied", blocked.values.get("message", "Access to OData is disabled."))
    state = user["mailbox"]
    if state["state"] != "enabled":
        texts = {"MailboxNotEnabledForRESTAPI": "REST API is not yet supported for this mailbox.",
                 "ErrorNonExistentMailbox": "No mailbox with such guid."}  # fmt: skip
        code = state.get("error", "MailboxNotEnabledForRESTAPI")
        raise Refusal(404, code, texts.get(code, "The mailbox is either inactive, soft-deleted, or is hosted on-premise."))
    return user


def access_denied() -> Refusal:
    return Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def may(call: Call, user: Document, rights: tuple[str, ...]) -> bool:
    return call.caller.has(*rights) or _scoped(call, user, rights)


def _scoped(call: Call, user: Document, rights: tuple[str, ...]) -> bool:
    """Whether an RBAC assignment of now gives one of these rights in this mailbox."""
    principal = f"/ServicePrincipals/{call.caller.object_id}".lower()
    for assignment in call.world.store.peek("exchangeRoleAssignment", tenant=call.tenant):
        if assignment["principalId"].lower() != principal:
            continue
        role = call.world.store.get("exchangeRoleDefinition", assignment["roleDefinitionId"]) or {}
        given = APPLICATION_ROLES.get(role.get("displayName", ""), ())
        if not set(given).isdisjoint(rights) and in_scope(call.world, assignment, user):
            return True
    return False


def in_scope(world: World, assignment: Document, user: Document) -> bool:
    """Whether a mailbox lies in the scope of an assignment."""
    if assignment.get("appScopeId"):
        scope = world.store.get("exchangeAppScope", assignment["appScopeId"])
        attributes = (scope or {}).get("customAttributes") or {}
        return bool(scope) and recipient_fits(attributes.get("RecipientFilter", ""), user)
    scope_id = (assignment.get("directoryScopeId") or "").strip("/")
    if not scope_id:
        return True
    kind, _, key = scope_id.partition("/")
    if kind.lower() == "users":
        return key.lower() in (user["id"], user["userPrincipalName"].lower())
    return key.lower() in user.get({"groups": "groups"}.get(kind.lower(), "administrativeUnits"), ())


_CONDITION = re.compile(r"\s*(\w+)\s+-(eq|like)\s+['\"]([^'\"]*)['\"]\s*", re.I)


def recipient_fits(filter_: str, user: Document) -> bool:
    """A recipient filter, as far as it joins -eq and -like by -or and -and, without brackets."""
    return any(
        all(_condition(part, user) for part in re.split(r"\s-and\s", either, flags=re.I))
        for either in re.split(r"\s-or\s", filter_, flags=re.I)
    )


def _condition(text: str, user: Document) -> bool:
    match = _CONDITION.fullmatch(text.strip("() "))
    if not match:
        return False
    values = {
        "primarysmtpaddress": [user["mail"]], "windowsemailaddress": [user["mail"]], "alias": [user["mailNickname"]],
        "userprincipalname": [user["userPrincipalName"]], "displayname": [user["displayName"]], "guid": [user["id"]],
        "externaldirectoryobjectid": [user["id"]],
        "emailaddresses": [address.partition(":")[2] for address in user["proxyAddresses"]],
    }.get(match[1].lower(), [])  # fmt: skip
    wanted = match[3].lower().removeprefix("smtp:")
    if match[2].lower() == "eq":
        return wanted in [str(value).lower() for value in values]
    pattern = re.escape(wanted).replace(r"\*", ".*")
    return any(re.fullmatch(pattern, str(value).lower()) for value in values)


@asynccontextmanager
async def concurrency(call: Call) -> AsyncIterator[None]:
    """Requests to mailboxes take time, and only so many of an application may be under way: the next is answered 429."""
    if not _is_of_a_mailbox(call):
        yield
        return
    world, key = call.world, call.caller.app_id
    if world.setting("mailbox_concurrency_per") == "mailbox":
        key += "/" + str(call.segments[1]).lower()
    if world.working[key] >= world.setting("mailbox_concurrency"):
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
