# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Choose the app registration that a task names, and plan the changes to it and its service principal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import InputRefused

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")


@dataclass(frozen=True)
class Registration:
    """An app registration in Graph."""

    object_id: str
    app_id: str
    display_name: str
    unique_name: Optional[str] = None
    sign_in_audience: Optional[str] = None


@dataclass(frozen=True)
class Present:
    """Present state: the registration, and its service principal in the tenant."""

    registration: Optional[Registration] = None
    service_principal_id: Optional[str] = None


@dataclass(frozen=True)
class DesiredApp:
    """Desired state from a task; None leaves a property unchanged."""

    unique_name: Optional[str] = None
    app_id: Optional[str] = None
    display_name: Optional[str] = None
    sign_in_audience: Optional[str] = None
    absent: bool = False


class Change(NamedTuple):
    """One request to Graph: the action (create, update or delete), the object, and its properties by Graph's names."""

    action: str
    what: str
    properties: Dict[str, Any]


def registration_of(found: Mapping[str, Any]) -> Registration:
    """Read Graph's JSON of an application."""
    return Registration(
        str(found["id"]), str(found["appId"]), str(found.get("displayName") or ""), found.get("uniqueName"),
        found.get("signInAudience"))


def meant(found: Sequence[Registration], display_name: str) -> Optional[Registration]:
    """Return the only registration with this display name. Raises InputRefused when there are several."""
    if len(found) > 1:
        raise InputRefused(
            "display_name", f"{len(found)} app registrations are called {display_name!r}: {_listed(found)}",
            "Name one by app_id, and give unique_name with it, by which later runs find it")
    return found[0] if found else None


def check_identity(found: Optional[Registration], desired: DesiredApp) -> None:
    """Raise InputRefused when the registration found does not match every option that names it."""
    if found is None:
        return
    if desired.app_id and found.app_id.lower() != desired.app_id.lower():
        raise InputRefused(
            "app_id", f"the registration with unique_name {desired.unique_name!r} is {found.app_id}, not {desired.app_id}",
            "Leave one of the two out, or correct it")
    if desired.unique_name and found.unique_name and found.unique_name != desired.unique_name:
        raise InputRefused(
            "unique_name", f"the registration {found.app_id} already has unique_name {found.unique_name!r}, which cannot change",
            f"Write unique_name: {found.unique_name}, or leave it out")


def check_creation(desired: DesiredApp, namesakes: Sequence[Registration]) -> None:
    """Raise InputRefused when creating a registration could create it twice."""
    if desired.app_id:
        raise InputRefused(
            "app_id", f"there is no app registration with app_id {desired.app_id!r}, and Microsoft chooses that of a new one",
            "Correct it; or to create one, leave app_id out and give unique_name")
    if not desired.unique_name:
        raise InputRefused(
            "display_name", f"there is no app registration with display_name {desired.display_name!r}",
            "To create one, give unique_name, by which later runs find it")
    name = desired.display_name or desired.unique_name
    nameless = [one for one in namesakes if not one.unique_name]
    if nameless:
        raise InputRefused(
            "display_name", f"there is no registration with unique_name {desired.unique_name!r}, but {name!r} is the display "
            f"name of {_listed(nameless)}, so that the registration is not clear",
            "Give its app_id beside unique_name to take it over, or another display_name for a new one")


def plan(present: Present, desired: DesiredApp) -> List[Change]:
    """Return the changes, in order."""
    found = present.registration
    if desired.absent:
        return [Change("delete", "application", {})] if found else []
    changes = []
    if found is None:
        changes.append(Change("create", "application", _new(desired)))
    else:
        differing = _differing(found, desired)
        if differing:
            changes.append(Change("update", "application", differing))
    if present.service_principal_id is None:
        changes.append(Change("create", "service_principal", {}))
    return changes


def matches(present: Present, desired: DesiredApp) -> bool:
    """Whether the present state matches the desired one."""
    return not plan(present, desired)


def _new(desired: DesiredApp) -> Dict[str, Any]:
    return {
        "displayName": desired.display_name or desired.unique_name,
        "signInAudience": desired.sign_in_audience or AUDIENCES[0],
        "uniqueName": desired.unique_name,
    }


def _differing(found: Registration, desired: DesiredApp) -> Dict[str, Any]:
    pairs = (
        ("displayName", found.display_name, desired.display_name),
        ("signInAudience", found.sign_in_audience, desired.sign_in_audience),
        ("uniqueName", found.unique_name, desired.unique_name),
    )
    return {name: value for name, current, value in pairs if value is not None and value != current}


_SHOWN = {"displayName": "display_name", "signInAudience": "sign_in_audience", "uniqueName": "unique_name"}


def described(present: Present) -> Dict[str, Any]:
    """Return a registration's values by the names of the options; empty without a registration."""
    found = present.registration
    if found is None:
        return {}
    return {
        "display_name": found.display_name, "unique_name": found.unique_name, "sign_in_audience": found.sign_in_audience,
        "service_principal": present.service_principal_id is not None}


def after(present: Present, changes: Sequence[Change]) -> Dict[str, Any]:
    """Return the result of ``described`` after the changes."""
    shown = described(present)
    for change in changes:
        if change.action == "delete":
            return {}
        if change.what == "service_principal":
            shown["service_principal"] = True
        shown.update({_SHOWN[name]: value for name, value in change.properties.items()})
    return shown


def _listed(found: Sequence[Registration]) -> str:
    return ", ".join(
        f"{one.app_id} ({f'unique_name {one.unique_name}' if one.unique_name else 'no unique_name'})" for one in found[:10])
