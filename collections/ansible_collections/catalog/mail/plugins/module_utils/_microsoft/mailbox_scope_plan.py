# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan the mailboxes that an application may use by roles in Exchange (RBAC for Applications). Pure.

Graph beta, roleManagement/exchange: an assignment gives a service principal an application role within a scope; the scope
of one mailbox is /users/<object id>. Assignments add to the admin consent in Entra; they never restrict it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import InputRefused
from .permissions_plan import MAIL_ROLES

PREFIX = "Application "
MAIL = ("Mail.Send", "Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite")
"""The mail roles for applications in Exchange, without the prefix Application."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


class Assignment(NamedTuple):
    """One assignment in Exchange: its id, the role's name, its scope in lower case."""

    id: str
    role: str
    scope: str


@dataclass(frozen=True)
class Present:
    """Present state of an application: its service principal, the roles' ids by name, the mailboxes' ids, the assignments.

    ``tenant_wide`` are permissions for mail with admin consent in Entra, for all mailboxes.
    """

    service_principal_id: str
    role_ids: Mapping[str, str]
    user_ids: Mapping[str, str]
    assignments: FrozenSet[Assignment]
    tenant_wide: FrozenSet[str] = frozenset()


@dataclass(frozen=True)
class DesiredScope:
    """Desired roles for mailboxes; ``purge`` removes other assignments of mail roles, ``absent`` removes these."""

    roles: FrozenSet[str]
    mailboxes: FrozenSet[str]
    purge: bool = False
    absent: bool = False


class Change(NamedTuple):
    """A change: assign a role (name) within a scope, or remove an Assignment."""

    action: str
    role: str
    scope: str
    id: Optional[str] = None


def role_names(names: Sequence[str]) -> FrozenSet[str]:
    """Return role names without their prefix in Exchange. Raises InputRefused for a role that is not for mail."""
    plain = [name[len(PREFIX):] if name.startswith(PREFIX) else name for name in names]
    unknown = sorted(set(plain) - set(MAIL))
    if unknown:
        raise InputRefused(
            "roles", f"Exchange has no mail role for applications called {', '.join(unknown)}",
            f"Choose of {', '.join(MAIL)}")
    return frozenset(plain)


def is_id(mailbox: str) -> bool:
    """Whether ``mailbox`` is an object id."""
    return bool(_GUID.match(mailbox))


def scope(user_id: str) -> str:
    """Return the scope of one mailbox, in lower case."""
    return f"/users/{user_id.lower()}"


def belongs(principal: str, service_principal_id: str) -> bool:
    """Whether a principalId, with or without the prefix /ServicePrincipals/, is this service principal."""
    return principal.rpartition("/")[2].lower() == service_principal_id.lower()


def assignments_of(
    found: Sequence[Mapping[str, Any]], role_ids: Mapping[str, str], service_principal_id: str,
) -> FrozenSet[Assignment]:
    """Read the assignments of this service principal from Graph's list, except those with an app scope."""
    names = {role_id.lower(): name for name, role_id in role_ids.items()}
    return frozenset(
        Assignment(str(one["id"]), names[str(one["roleDefinitionId"]).lower()], str(one.get("directoryScopeId") or "").lower())
        for one in found
        if belongs(str(one.get("principalId") or ""), service_principal_id) and str(one["roleDefinitionId"]).lower() in names
        and not one.get("appScopeId"))


def tenant_wide(grants: Sequence[Mapping[str, Any]]) -> FrozenSet[str]:
    """Return the mail permissions among app role assignments in Entra."""
    return frozenset(MAIL_ROLES[role] for role in (str(one.get("appRoleId")).lower() for one in grants) if role in MAIL_ROLES)


def plan(present: Present, desired: DesiredScope) -> List[Change]:
    """Return the changes: assignments first, then removals."""
    pairs = {(role, scope(present.user_ids[mailbox])) for role in desired.roles for mailbox in desired.mailboxes}
    if desired.absent:
        return [_removal(one) for one in sorted(present.assignments)
                if one.role in desired.roles and (not desired.mailboxes or (one.role, one.scope) in pairs)]
    there = {(one.role, one.scope) for one in present.assignments}
    changes = [Change("assign", role, where) for role, where in sorted(pairs - there)]
    if desired.purge:
        changes += [_removal(one) for one in sorted(present.assignments) if (one.role, one.scope) not in pairs]
    return changes


def _removal(one: Assignment) -> Change:
    return Change("remove", one.role, one.scope, one.id)


def matches(present: Present, desired: DesiredScope) -> bool:
    """Whether the present state matches the desired one."""
    return not plan(present, desired)


def described(present: Present) -> Dict[str, List[str]]:
    """Return the scopes by role; a mailbox in the task is shown by the task's name for it."""
    return _by_role([(one.role, one.scope) for one in present.assignments], present)


def after(present: Present, changes: Sequence[Change]) -> Dict[str, List[str]]:
    """Return the result of ``described`` after the changes."""
    gone = {change.id for change in changes if change.action == "remove"}
    kept = [(one.role, one.scope) for one in present.assignments if one.id not in gone]
    return _by_role(kept + [(change.role, change.scope) for change in changes if change.action == "assign"], present)


def _by_role(pairs: Sequence[Any], present: Present) -> Dict[str, List[str]]:
    names = {scope(user_id): mailbox for mailbox, user_id in present.user_ids.items()}
    found: Dict[str, List[str]] = {}
    for role, where in sorted(set(pairs)):
        found.setdefault(role, []).append(names.get(where, where))
    return found


def warning(present: Present, desired: DesiredScope) -> Optional[str]:
    """Return a warning when admin consent opens all mailboxes, so that the scope restricts nothing; else None."""
    if desired.absent or not present.tenant_wide:
        return None
    held = ", ".join(sorted(present.tenant_wide))
    return (
        f"The application holds {held} by admin consent in Entra, which is for every mailbox of the tenant. Roles in Exchange "
        "add to that and do not restrict it: to limit the application to its mailboxes, remove the consent (graph_permissions "
        "with permissions: []).")
