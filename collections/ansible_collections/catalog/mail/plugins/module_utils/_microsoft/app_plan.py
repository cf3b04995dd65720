# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""An app registration and its service principal: who is meant, and what has to change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import InputRefused

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")


@dataclass(frozen=True)
class Registration:
    """An app registration as Graph has it."""

    object_id: str
    app_id: str
    display_name: str
    unique_name: Optional[str] = None
    sign_in_audience: Optional[str] = None


@dataclass(frozen=True)
class Present:
    """What there is: the registration, and the service principal of the tenant."""

    registration: Optional[Registration] = None
    service_principal_id: Optional[str] = None


@dataclass(frozen=True)
class Wanted:
    """What a task says; None is left as it is."""

    unique_name: Optional[str] = None
    app_id: Optional[str] = None
    display_name: Optional[str] = None
    sign_in_audience: Optional[str] = None
    absent: bool = False


class Change(NamedTuple):
    """One request to Graph: create, update or delete, of what, and the properties in Graph's words."""

    action: str
    what: str
    properties: Dict[str, Any]


def registration_of(found: Mapping[str, Any]) -> Registration:
    """From Graph's JSON of an application."""
    return Registration(
        str(found["id"]), str(found["appId"]), str(found.get("displayName") or ""), found.get("uniqueName"),
        found.get("signInAudience"))


def meant(found: Sequence[Registration], display_name: str) -> Optional[Registration]:
    """The only one of this display name; raises InputRefused where there are several."""
    if len(found) > 1:
        raise InputRefused(
            "display_name", f"{len(found)} app registrations are called {display_name!r}: {_listed(found)}",
            "Say which one by app_id, and give unique_name with it, so that it is found by that from then on")
    return found[0] if found else None


def check_identity(found: Optional[Registration], wanted: Wanted) -> None:
    """Raises InputRefused where what was found is not what all options together name."""
    if found is None:
        return
    if wanted.app_id and found.app_id.lower() != wanted.app_id.lower():
        raise InputRefused(
            "app_id", f"the registration with unique_name {wanted.unique_name!r} is {found.app_id}, not {wanted.app_id}",
            "Leave one of the two out, or correct it")
    if wanted.unique_name and found.unique_name and found.unique_name != wanted.unique_name:
        raise InputRefused(
            "unique_name", f"the registration {found.app_id} is called {found.unique_name!r} already, and that never changes",
            f"Write unique_name: {found.unique_name}, or leave it out")


def check_creation(wanted: Wanted, namesakes: Sequence[Registration]) -> None:
    """Raises InputRefused where a registration cannot be made without a risk of making it twice."""
    if wanted.app_id:
        raise InputRefused(
            "app_id", f"there is no app registration with app_id {wanted.app_id!r}, and Microsoft chooses that of a new one",
            "Correct it; or to have one made, leave it out and give unique_name")
    if not wanted.unique_name:
        raise InputRefused(
            "display_name", f"there is no app registration with display_name {wanted.display_name!r}",
            "To have one made, give unique_name: by that it is found again")
    name = wanted.display_name or wanted.unique_name
    nameless = [one for one in namesakes if not one.unique_name]
    if nameless:
        raise InputRefused(
            "display_name", f"there is no registration with unique_name {wanted.unique_name!r}, but {name!r} is the display name "
            f"of {_listed(nameless)}, so that it is not clear which one is meant",
            "Give its app_id beside unique_name to take it over, or another display_name for a new one")


def plan(present: Present, wanted: Wanted) -> List[Change]:
    """What has to be done, in this order."""
    found = present.registration
    if wanted.absent:
        return [Change("delete", "application", {})] if found else []
    changes = []
    if found is None:
        changes.append(Change("create", "application", _new(wanted)))
    else:
        differing = _differing(found, wanted)
        if differing:
            changes.append(Change("update", "application", differing))
    if present.service_principal_id is None:
        changes.append(Change("create", "service_principal", {}))
    return changes


def as_wanted(present: Present, wanted: Wanted) -> bool:
    """Whether a read shows what was wanted."""
    return not plan(present, wanted)


def _new(wanted: Wanted) -> Dict[str, Any]:
    return {
        "displayName": wanted.display_name or wanted.unique_name,
        "signInAudience": wanted.sign_in_audience or AUDIENCES[0],
        "uniqueName": wanted.unique_name,
    }


def _differing(found: Registration, wanted: Wanted) -> Dict[str, Any]:
    pairs = (
        ("displayName", found.display_name, wanted.display_name),
        ("signInAudience", found.sign_in_audience, wanted.sign_in_audience),
        ("uniqueName", found.unique_name, wanted.unique_name),
    )
    return {name: desired for name, current, desired in pairs if desired is not None and desired != current}


_SHOWN = {"displayName": "display_name", "signInAudience": "sign_in_audience", "uniqueName": "unique_name"}


def described(present: Present) -> Dict[str, Any]:
    """A registration in the words of the options; empty where there is none."""
    found = present.registration
    if found is None:
        return {}
    return {
        "display_name": found.display_name, "unique_name": found.unique_name, "sign_in_audience": found.sign_in_audience,
        "service_principal": present.service_principal_id is not None}


def after(present: Present, changes: Sequence[Change]) -> Dict[str, Any]:
    """What ``described`` will say once the changes are made."""
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
