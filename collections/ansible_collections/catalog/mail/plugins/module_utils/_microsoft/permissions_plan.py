# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Compare the declared and granted permissions of an app registration with the desired ones. Pure.

Declared permissions are requested by the registration (requiredResourceAccess); granted permissions have the consent of an
administrator (app role assignments of the service principal). A service sends mail with application permissions of
Microsoft Graph only; delegated permissions have the same names and other ids.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import InputRefused

GRAPH = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, the same in every tenant and cloud."""

MANAGED = "Mail."
"""Application permissions of Graph with this prefix are compared as a set; others only when a task names them."""

ALIASES = {"Mail.ReadBasicAll": "Mail.ReadBasic.All"}
"""Common wrong names of permissions, and the official names."""

MAIL_ROLES: Dict[str, str] = {
    "b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
    "810c84a8-4a9e-49e6-bf7d-12d183f40d01": "Mail.Read",
    "6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a": "Mail.ReadBasic",
    "693c5e45-0940-467d-9b8a-1022fb9d42ef": "Mail.ReadBasic.All",
    "e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
}
"""The application roles for mail by their ids, from Microsoft's own list (provisioningInfo.json, scheme Application)."""


@dataclass(frozen=True)
class Roles:
    """The application roles of Graph in this tenant: ids by name, and the names that exist as delegated only."""

    by_name: Mapping[str, str]
    delegated: FrozenSet[str] = frozenset()

    def name(self, role_id: str) -> str:
        """Return the name of a role, or its id when the name is unknown."""
        return next((name for name, one in self.by_name.items() if one == role_id), role_id)


class Entry(NamedTuple):
    """One declared permission: the API's application id, the permission's id, and Role or Scope."""

    resource: str
    id: str
    type: str


class Grant(NamedTuple):
    """One app role assignment; ``resource_id`` is the service principal of the API in this tenant."""

    id: str
    resource_id: str
    role_id: str


@dataclass(frozen=True)
class Present:
    """Present state: declared and granted permissions, and Graph's service principal in this tenant."""

    declared: FrozenSet[Entry]
    granted: FrozenSet[Grant]
    graph_id: str
    roles: Roles


@dataclass(frozen=True)
class DesiredPermissions:
    """Desired state. ``permissions``: names, None for no change. ``consent``: grant them. ``purge``: remove all others."""

    permissions: Optional[FrozenSet[str]]
    consent: bool = True
    purge: bool = False


class Change(NamedTuple):
    """A change: declare or undeclare an Entry, grant a role id, revoke a Grant."""

    action: str
    subject: Any


def roles_of(service_principal: Mapping[str, Any]) -> Roles:
    """Read the enabled appRoles for applications (not oauth2PermissionScopes) from Graph's own service principal."""
    by_name = {
        str(role["value"]): str(role["id"]).lower() for role in service_principal.get("appRoles") or []
        if role.get("value") and role.get("isEnabled", True) and "Application" in (role.get("allowedMemberTypes") or [])}
    scopes = {str(one.get("value")) for one in service_principal.get("oauth2PermissionScopes") or [] if one.get("value")}
    return Roles(by_name, frozenset(scopes - set(by_name)))


def declared_of(required: Sequence[Mapping[str, Any]]) -> FrozenSet[Entry]:
    """Read an application's requiredResourceAccess."""
    return frozenset(
        Entry(str(one["resourceAppId"]).lower(), str(access["id"]).lower(), str(access["type"]))
        for one in required for access in one.get("resourceAccess") or [])


def required_of(declared: FrozenSet[Entry]) -> List[Dict[str, Any]]:
    """Return the requiredResourceAccess in a fixed order."""
    resources = sorted({one.resource for one in declared})
    return [
        {"resourceAppId": resource, "resourceAccess": [
            {"id": one.id, "type": one.type} for one in sorted(declared) if one.resource == resource]}
        for resource in resources]


def granted_of(assignments: Sequence[Mapping[str, Any]]) -> FrozenSet[Grant]:
    """Read a service principal's appRoleAssignments."""
    return frozenset(
        Grant(str(one["id"]), str(one["resourceId"]).lower(), str(one["appRoleId"]).lower()) for one in assignments)


def named(names: Optional[Sequence[str]]) -> Tuple[Optional[FrozenSet[str]], List[str]]:
    """Return the permissions by their official names, and a warning for each alias."""
    if names is None:
        return None, []
    warnings = [
        f"permissions: the permission is called {ALIASES[name]}, not {name}; the module uses that name."
        for name in names if name in ALIASES]
    return frozenset(ALIASES.get(name, name) for name in names), warnings


def check(desired: DesiredPermissions, roles: Roles) -> None:
    """Raise InputRefused for a name that is not an application permission of Graph."""
    for name in sorted(desired.permissions or ()):
        if name in roles.by_name:
            continue
        if name in roles.delegated:
            raise InputRefused(
                "permissions", f"{name} exists for users only (delegated), not for applications",
                "Name an application permission of Microsoft Graph")
        near = difflib.get_close_matches(name, roles.by_name, 3, 0.6)
        raise InputRefused(
            "permissions", f"Microsoft Graph has no application permission {name!r} in this tenant",
            f"Did you mean {' or '.join(near)}?" if near else "Name one from Graph's permissions reference, such as Mail.Send")


def plan(present: Present, desired: DesiredPermissions) -> List[Change]:
    """Return the changes: declarations first, then new consent, then revocations."""
    if desired.permissions is None:
        return []
    ids = frozenset(present.roles.by_name[name] for name in desired.permissions)
    entries = frozenset(Entry(GRAPH, one, "Role") for one in ids)
    changes = [Change("declare", one) for one in sorted(entries - present.declared)]
    leaving = (one for one in sorted(present.declared - entries) if desired.purge or _ours(one, present.roles))
    changes += [Change("undeclare", one) for one in leaving]
    if desired.consent:
        granted = {one.role_id for one in present.granted if one.resource_id == present.graph_id}
        changes += [Change("grant", one) for one in sorted(ids - granted)]
        changes += [Change("revoke", one) for one in sorted(present.granted) if _leaves(one, ids, present, desired.purge)]
    return changes


def matches(present: Present, desired: DesiredPermissions) -> bool:
    """Whether the present state matches the desired one."""
    return not plan(present, desired)


def _ours(entry: Entry, roles: Roles) -> bool:
    return entry.resource == GRAPH and entry.type == "Role" and _is_mail(entry.id, roles)


def _is_mail(role_id: str, roles: Roles) -> bool:
    return (MAIL_ROLES.get(role_id) or roles.name(role_id)).startswith(MANAGED)


def _leaves(grant: Grant, ids: FrozenSet[str], present: Present, purge: bool) -> bool:
    of_graph = grant.resource_id == present.graph_id
    if of_graph and grant.role_id in ids:
        return False
    return purge or (of_graph and _is_mail(grant.role_id, present.roles))


def declared_after(present: Present, changes: Sequence[Change]) -> FrozenSet[Entry]:
    """Return the declared permissions after the changes."""
    gone = {change.subject for change in changes if change.action == "undeclare"}
    return (present.declared - gone) | {change.subject for change in changes if change.action == "declare"}


def described(declared: FrozenSet[Entry], granted: FrozenSet[Tuple[str, str]], present: Present) -> Dict[str, List[str]]:
    """Return permissions and consent by name; those that are not application permissions of Graph by their ids.

    ``granted`` are pairs of the API's service principal and the role.
    """
    names = [
        present.roles.name(one.id) if one.resource == GRAPH and one.type == "Role" else f"{one.resource}/{one.id} ({one.type})"
        for one in declared]
    consent = [
        present.roles.name(role) if resource == present.graph_id else f"{resource}/{role}" for resource, role in granted]
    return {"permissions": sorted(names), "consent": sorted(consent)}


def before(present: Present) -> Dict[str, List[str]]:
    """Return the present declared and granted permissions by name."""
    return described(present.declared, _pairs(present), present)


def after(present: Present, changes: Sequence[Change]) -> Dict[str, List[str]]:
    """Return the declared and granted permissions after the changes, by name."""
    revoked = {(one.subject.resource_id, one.subject.role_id) for one in changes if one.action == "revoke"}
    granted = {(present.graph_id, one.subject) for one in changes if one.action == "grant"}
    return described(declared_after(present, changes), frozenset((_pairs(present) - revoked) | granted), present)


def _pairs(present: Present) -> FrozenSet[Tuple[str, str]]:
    return frozenset((one.resource_id, one.role_id) for one in present.granted)


def unconsented(shown: Mapping[str, Sequence[str]]) -> List[str]:
    """Return the declared permissions without consent; only application permissions of Graph, since others are unknown."""
    return [name for name in shown["permissions"] if "/" not in name and name not in shown["consent"]]
