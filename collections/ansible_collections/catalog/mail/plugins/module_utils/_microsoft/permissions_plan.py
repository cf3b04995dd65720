# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Permissions of an app registration: by name, as sets, what is declared and what is granted. Pure.

Declared is what the registration asks for (requiredResourceAccess); granted is what an administrator consented to (app role
assignments of its service principal). Only application permissions of Microsoft Graph have to do with mail sent by a
service; delegated ones have the same names and other ids.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import InputRefused

GRAPH = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, the same in every tenant and cloud."""

MANAGED = "Mail."
"""Application permissions of Graph that begin so are compared as a set; all else is somebody else's, unless it is named."""

ALIASES = {"Mail.ReadBasicAll": "Mail.ReadBasic.All"}
"""Spellings in circulation, and what the permission is called."""

MAIL_ROLES: Dict[str, str] = {
    "b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
    "810c84a8-4a9e-49e6-bf7d-12d183f40d01": "Mail.Read",
    "6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a": "Mail.ReadBasic",
    "693c5e45-0940-467d-9b8a-1022fb9d42ef": "Mail.ReadBasic.All",
    "e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
}
"""The application roles about mail by their ids, from Microsoft's own list (provisioningInfo.json, scheme Application)."""


@dataclass(frozen=True)
class Roles:
    """The application roles of Graph in this tenant: id by name, and which names are delegated only."""

    by_name: Mapping[str, str]
    delegated: FrozenSet[str] = frozenset()

    def name(self, role_id: str) -> str:
        """The name of a role, or its id where it is unknown."""
        return next((name for name, one in self.by_name.items() if one == role_id), role_id)


class Entry(NamedTuple):
    """One declared permission: of which API (its application id), which id, and Role or Scope."""

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
    """What is declared and granted, and Graph's service principal in this tenant."""

    declared: FrozenSet[Entry]
    granted: FrozenSet[Grant]
    graph_id: str
    roles: Roles


@dataclass(frozen=True)
class Wanted:
    """Names of permissions, None to leave them; whether consent is looked after; whether what is foreign goes."""

    permissions: Optional[FrozenSet[str]]
    consent: bool = True
    purge: bool = False


class Change(NamedTuple):
    """declare or undeclare an Entry, grant a role id, revoke a Grant."""

    action: str
    subject: Any


def roles_of(service_principal: Mapping[str, Any]) -> Roles:
    """From Graph's own service principal: the enabled appRoles for applications (never oauth2PermissionScopes)."""
    by_name = {
        str(role["value"]): str(role["id"]).lower() for role in service_principal.get("appRoles") or []
        if role.get("value") and role.get("isEnabled", True) and "Application" in (role.get("allowedMemberTypes") or [])}
    scopes = {str(one.get("value")) for one in service_principal.get("oauth2PermissionScopes") or [] if one.get("value")}
    return Roles(by_name, frozenset(scopes - set(by_name)))


def declared_of(required: Sequence[Mapping[str, Any]]) -> FrozenSet[Entry]:
    """From an application's requiredResourceAccess."""
    return frozenset(
        Entry(str(one["resourceAppId"]).lower(), str(access["id"]).lower(), str(access["type"]))
        for one in required for access in one.get("resourceAccess") or [])


def required_of(declared: FrozenSet[Entry]) -> List[Dict[str, Any]]:
    """A requiredResourceAccess, in an order that is always the same."""
    resources = sorted({one.resource for one in declared})
    return [
        {"resourceAppId": resource, "resourceAccess": [
            {"id": one.id, "type": one.type} for one in sorted(declared) if one.resource == resource]}
        for resource in resources]


def granted_of(assignments: Sequence[Mapping[str, Any]]) -> FrozenSet[Grant]:
    """From a service principal's appRoleAssignments."""
    return frozenset(
        Grant(str(one["id"]), str(one["resourceId"]).lower(), str(one["appRoleId"]).lower()) for one in assignments)


def named(names: Optional[Sequence[str]]) -> Tuple[Optional[FrozenSet[str]], List[str]]:
    """The permissions as they are really called, and a warning for each that was called otherwise."""
    if names is None:
        return None, []
    warnings = [
        f"permissions: the permission is called {ALIASES[name]}, not {name}; it is taken for that."
        for name in names if name in ALIASES]
    return frozenset(ALIASES.get(name, name) for name in names), warnings


def check(wanted: Wanted, roles: Roles) -> None:
    """Raises InputRefused for a name that is no application permission of Graph."""
    for name in sorted(wanted.permissions or ()):
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


def plan(present: Present, wanted: Wanted) -> List[Change]:
    """What has to be done: first what the registration declares, then consent to what is new, then what is revoked."""
    if wanted.permissions is None:
        return []
    ids = frozenset(present.roles.by_name[name] for name in wanted.permissions)
    entries = frozenset(Entry(GRAPH, one, "Role") for one in ids)
    changes = [Change("declare", one) for one in sorted(entries - present.declared)]
    leaving = (one for one in sorted(present.declared - entries) if wanted.purge or _ours(one, present.roles))
    changes += [Change("undeclare", one) for one in leaving]
    if wanted.consent:
        granted = {one.role_id for one in present.granted if one.resource_id == present.graph_id}
        changes += [Change("grant", one) for one in sorted(ids - granted)]
        changes += [Change("revoke", one) for one in sorted(present.granted) if _leaves(one, ids, present, wanted.purge)]
    return changes


def as_wanted(present: Present, wanted: Wanted) -> bool:
    """Whether a read shows what was wanted."""
    return not plan(present, wanted)


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
    """What will be declared once the changes are made."""
    gone = {change.subject for change in changes if change.action == "undeclare"}
    return (present.declared - gone) | {change.subject for change in changes if change.action == "declare"}


def described(declared: FrozenSet[Entry], granted: FrozenSet[Tuple[str, str]], present: Present) -> Dict[str, List[str]]:
    """Permissions and consent by their names; what is not an application permission of Graph by its ids.

    ``granted`` are pairs of the API's service principal and the role.
    """
    names = [
        present.roles.name(one.id) if one.resource == GRAPH and one.type == "Role" else f"{one.resource}/{one.id} ({one.type})"
        for one in declared]
    consent = [
        present.roles.name(role) if resource == present.graph_id else f"{resource}/{role}" for resource, role in granted]
    return {"permissions": sorted(names), "consent": sorted(consent)}


def before(present: Present) -> Dict[str, List[str]]:
    """What is declared and granted, by name."""
    return described(present.declared, _pairs(present), present)


def after(present: Present, changes: Sequence[Change]) -> Dict[str, List[str]]:
    """What will be declared and granted, by name."""
    revoked = {(one.subject.resource_id, one.subject.role_id) for one in changes if one.action == "revoke"}
    granted = {(present.graph_id, one.subject) for one in changes if one.action == "grant"}
    return described(declared_after(present, changes), frozenset((_pairs(present) - revoked) | granted), present)


def _pairs(present: Present) -> FrozenSet[Tuple[str, str]]:
    return frozenset((one.resource_id, one.role_id) for one in present.granted)


def unconsented(shown: Mapping[str, Sequence[str]]) -> List[str]:
    """What is declared and not granted: application permissions of Graph only, of others it is not known."""
    return [name for name in shown["permissions"] if "/" not in name and name not in shown["consent"]]
