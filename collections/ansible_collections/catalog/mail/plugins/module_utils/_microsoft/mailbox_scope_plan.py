# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Which mailboxes an application may use by roles of Exchange (RBAC for Applications). Pure.

Graph beta, roleManagement/exchange: an assignment gives a service principal an application role within a scope; the scope
of one mailbox is /users/<object id>. These assignments add to what is consented to in Entra; they never narrow that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import InputRefused
from .permissions_plan import MAIL_ROLES

PREFIX = "Application "
MAIL = ("Mail.Send", "Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite")
"""The roles about mail that Exchange has for applications, without the word Application before them."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


class Assignment(NamedTuple):
    """One assignment of Exchange: its id, the role's name, its scope in lower case."""

    id: str
    role: str
    scope: str


@dataclass(frozen=True)
class Present:
    """What there is of this application: its service principal, the roles by name, the mailboxes' ids, the assignments.

    ``tenant_wide`` are permissions about mail that are consented to in Entra, for all mailboxes.
    """

    service_principal_id: str
    role_ids: Mapping[str, str]
    user_ids: Mapping[str, str]
    assignments: FrozenSet[Assignment]
    tenant_wide: FrozenSet[str] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """Roles for mailboxes; with ``purge`` no others of these kinds; absent removes."""

    roles: FrozenSet[str]
    mailboxes: FrozenSet[str]
    purge: bool = False
    absent: bool = False


class Change(NamedTuple):
    """assign a role (name) within a scope, or remove an Assignment."""

    action: str
    role: str
    scope: str
    id: Optional[str] = None


def role_names(names: Sequence[str]) -> FrozenSet[str]:
    """The roles without the word that they begin with in Exchange; raises InputRefused for one about other things."""
    plain = [name[len(PREFIX):] if name.startswith(PREFIX) else name for name in names]
    unknown = sorted(set(plain) - set(MAIL))
    if unknown:
        raise InputRefused(
            "roles", f"Exchange has no role about mail for applications called {', '.join(unknown)}",
            f"Choose of {', '.join(MAIL)}")
    return frozenset(plain)


def is_id(mailbox: str) -> bool:
    """Whether a mailbox is named by its object id."""
    return bool(_GUID.match(mailbox))


def scope(user_id: str) -> str:
    """The scope of exactly one mailbox, as it is compared."""
    return f"/users/{user_id.lower()}"


def belongs(principal: str, service_principal_id: str) -> bool:
    """Whether an assignment's principalId is this service principal: with or without /ServicePrincipals/ before it."""
    return principal.rpartition("/")[2].lower() == service_principal_id.lower()


def assignments_of(
    found: Sequence[Mapping[str, Any]], role_ids: Mapping[str, str], service_principal_id: str,
) -> FrozenSet[Assignment]:
    """From Graph's list, those of this service principal. Narrowed by the app's own scopes they are none of ours."""
    names = {role_id.lower(): name for name, role_id in role_ids.items()}
    return frozenset(
        Assignment(str(one["id"]), names[str(one["roleDefinitionId"]).lower()], str(one.get("directoryScopeId") or "").lower())
        for one in found
        if belongs(str(one.get("principalId") or ""), service_principal_id) and str(one["roleDefinitionId"]).lower() in names
        and not one.get("appScopeId"))


def tenant_wide(grants: Sequence[Mapping[str, Any]]) -> FrozenSet[str]:
    """Permissions about mail among app role assignments of Entra."""
    return frozenset(MAIL_ROLES[role] for role in (str(one.get("appRoleId")).lower() for one in grants) if role in MAIL_ROLES)


def plan(present: Present, wanted: Wanted) -> List[Change]:
    """What has to be assigned, then what has to go."""
    desired = {(role, scope(present.user_ids[mailbox])) for role in wanted.roles for mailbox in wanted.mailboxes}
    if wanted.absent:
        return [_removal(one) for one in sorted(present.assignments)
                if one.role in wanted.roles and (not wanted.mailboxes or (one.role, one.scope) in desired)]
    there = {(one.role, one.scope) for one in present.assignments}
    changes = [Change("assign", role, where) for role, where in sorted(desired - there)]
    if wanted.purge:
        changes += [_removal(one) for one in sorted(present.assignments) if (one.role, one.scope) not in desired]
    return changes


def _removal(one: Assignment) -> Change:
    return Change("remove", one.role, one.scope, one.id)


def as_wanted(present: Present, wanted: Wanted) -> bool:
    """Whether a read shows what was wanted."""
    return not plan(present, wanted)


def described(present: Present) -> Dict[str, List[str]]:
    """Scopes by role; a mailbox that the task named is shown by that name."""
    return _by_role([(one.role, one.scope) for one in present.assignments], present)


def after(present: Present, changes: Sequence[Change]) -> Dict[str, List[str]]:
    """What ``described`` will say once the changes are made."""
    gone = {change.id for change in changes if change.action == "remove"}
    kept = [(one.role, one.scope) for one in present.assignments if one.id not in gone]
    return _by_role(kept + [(change.role, change.scope) for change in changes if change.action == "assign"], present)


def _by_role(pairs: Sequence[Any], present: Present) -> Dict[str, List[str]]:
    names = {scope(user_id): mailbox for mailbox, user_id in present.user_ids.items()}
    found: Dict[str, List[str]] = {}
    for role, where in sorted(set(pairs)):
        found.setdefault(role, []).append(names.get(where, where))
    return found


def warning(present: Present, wanted: Wanted) -> Optional[str]:
    """What to say where the scope is of no use, as all mailboxes are open anyway."""
    if wanted.absent or not present.tenant_wide:
        return None
    held = ", ".join(sorted(present.tenant_wide))
    return (
        f"The application holds {held} by admin consent in Entra, which is for every mailbox of the tenant. Roles of Exchange "
        "add to that and do not narrow it: to limit the application to its mailboxes, remove the consent (graph_permissions "
        "with permissions: []).")
