# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Choose the app registration that a task names, and plan the changes to it and its service principal. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .app_related_plan import DesiredRelated, Related, described_related, plan_related, related_after
from .timestamps import moment, written

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")

# The platforms of an application that have redirect URIs.
PLATFORMS = ("web", "spa", "publicClient")

# Entra's time between the deletion of a registration and its end (Graph: "Delete application").
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Registration:
    """An app registration in Graph."""

    object_id: str
    app_id: str
    display_name: str
    unique_name: Optional[str] = None
    sign_in_audience: Optional[str] = None
    notes: str = ""
    service_management_reference: str = ""
    tags: Tuple[str, ...] = ()
    redirect_uris: Tuple[Tuple[str, str], ...] = ()
    """Pairs of the platform (web, spa, publicClient) and the address."""


@dataclass(frozen=True)
class Deleted:
    """A deleted registration, which Entra keeps for 30 days with its unique name."""

    registration: Registration
    deleted_at: str


@dataclass(frozen=True)
class Present:
    """Present state: the registration and its service principal in the tenant; where one is missing, the deleted one."""

    registration: Optional[Registration] = None
    service_principal_id: Optional[str] = None
    deleted: Optional[Deleted] = None
    deleted_principal_id: Optional[str] = None
    related: Related = field(default_factory=Related)


@dataclass(frozen=True)
class DesiredApp:
    """Desired state from a task; None leaves a property unchanged."""

    unique_name: Optional[str] = None
    app_id: Optional[str] = None
    display_name: Optional[str] = None
    sign_in_audience: Optional[str] = None
    absent: bool = False
    deleted: str = "restore"
    notes: Optional[str] = None
    service_management_reference: Optional[str] = None
    tags: Optional[Tuple[str, ...]] = None
    keep_redirect_uris: bool = False
    related: DesiredRelated = field(default_factory=DesiredRelated)


class Change(NamedTuple):
    """A step in Graph: the action (create, update, delete, restore or purge), the object, and its properties by Graph's names."""

    action: str
    what: str
    properties: Dict[str, Any]


def registration_of(found: Mapping[str, Any]) -> Registration:
    """Read Graph's JSON of an application."""
    return Registration(
        str(found["id"]), str(found["appId"]), str(found.get("displayName") or ""), found.get("uniqueName"),
        found.get("signInAudience"), str(found.get("notes") or ""), str(found.get("serviceManagementReference") or ""),
        tuple(sorted(map(str, found.get("tags") or ()))), _redirect_uris(found))


def _redirect_uris(found: Mapping[str, Any]) -> Tuple[Tuple[str, str], ...]:
    return tuple(
        (platform, str(uri)) for platform in PLATFORMS for uri in (found.get(platform) or {}).get("redirectUris") or ())


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


def check_deleted(deleted: Deleted, desired: DesiredApp) -> None:
    """Raise InputRefused when a deleted registration is in the way of the desired one."""
    check_identity(deleted.registration, desired)
    found, field = deleted.registration, "unique_name" if desired.unique_name else "app_id"
    if desired.deleted == "refuse":
        raise InputRefused(
            field, f"the registration {found.app_id} ({found.display_name!r}) was deleted at {deleted.deleted_at}, and Entra "
            f"keeps it and its unique name until {kept_until(deleted)}",
            "Write deleted: restore to bring it back, deleted: purge to remove it for good and make a new one, or another "
            "unique_name")
    if desired.deleted == "purge" and desired.app_id:
        raise InputRefused(
            "app_id", f"the registration {found.app_id} is deleted, and with deleted: purge a new one gets an app_id of its own",
            "Leave app_id out, or write deleted: restore")


def kept_until(deleted: Deleted) -> str:
    """Return the time at which Entra removes a deleted registration for good; empty when Graph told no time of deletion."""
    return written(moment(deleted.deleted_at) + KEPT_FOR) if deleted.deleted_at else ""


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
    if found is None and present.deleted and desired.deleted == "restore":
        return _restored(present, present.deleted, desired)
    changes = []
    if found is None:
        if present.deleted:
            changes.append(Change("purge", "application", {}))
        changes.append(Change("create", "application", _new(desired)))
    else:
        differing = _differing(found, desired)
        if differing:
            changes.append(Change("update", "application", differing))
    if present.service_principal_id is None:
        restored = found is not None and desired.deleted == "restore"
        changes.append(_principal(present) if restored else Change("create", "service_principal", {}))
    return [*changes, *_of_related(present, desired)]


def _principal(present: Present) -> Change:
    return Change("restore" if present.deleted_principal_id else "create", "service_principal", {})


def _restored(present: Present, deleted: Deleted, desired: DesiredApp) -> List[Change]:
    """Return the changes that bring a deleted registration back, with the properties that the task gives."""
    differing = _differing(deleted.registration, desired)
    update = [Change("update", "application", differing)] if differing else []
    return [Change("restore", "application", {}), *update, _principal(present), *_of_related(present, desired)]


def _of_related(present: Present, desired: DesiredApp) -> List[Change]:
    return [Change(*step) for step in plan_related(present.related, desired.related)]


def matches(present: Present, desired: DesiredApp) -> bool:
    """Whether the present state matches the desired one."""
    return not plan(present, desired)


def _new(desired: DesiredApp) -> Dict[str, Any]:
    described_ones = {
        "notes": desired.notes, "serviceManagementReference": desired.service_management_reference,
        "tags": list(desired.tags or ())}
    return {
        "displayName": desired.display_name or desired.unique_name,
        "signInAudience": desired.sign_in_audience or AUDIENCES[0],
        "uniqueName": desired.unique_name,
        **{name: value for name, value in described_ones.items() if value},
    }


def _differing(found: Registration, desired: DesiredApp) -> Dict[str, Any]:
    pairs = (
        ("displayName", found.display_name, desired.display_name),
        ("signInAudience", found.sign_in_audience, desired.sign_in_audience),
        ("uniqueName", found.unique_name, desired.unique_name),
        ("notes", found.notes, desired.notes),
        ("serviceManagementReference", found.service_management_reference, desired.service_management_reference),
        ("tags", found.tags, desired.tags),
    )
    differing = {name: _of_graph(value) for name, current, value in pairs if value is not None and value != current}
    if not desired.keep_redirect_uris:
        differing.update({platform: {"redirectUris": []} for platform, _uri in found.redirect_uris})
    return differing


def _of_graph(value: Any) -> Any:
    """Return a value as Graph takes it: a list, and null for an empty text."""
    return list(value) if isinstance(value, tuple) else value or None


_SHOWN = {
    "displayName": "display_name", "signInAudience": "sign_in_audience", "uniqueName": "unique_name", "notes": "notes",
    "serviceManagementReference": "service_management_reference", "tags": "tags"}


def described(present: Present) -> Dict[str, Any]:
    """Return a registration's values by the names of the options; without one, those that identify a deleted one."""
    found = present.registration
    if found is None:
        deleted = present.deleted
        return {"app_id": deleted.registration.app_id, "deleted_at": deleted.deleted_at} if deleted else {}
    shown = {
        "display_name": found.display_name, "unique_name": found.unique_name, "sign_in_audience": found.sign_in_audience,
        "service_principal": present.service_principal_id is not None}
    optional = {
        "notes": found.notes, "service_management_reference": found.service_management_reference, "tags": list(found.tags),
        "redirect_uris": [uri for _platform, uri in found.redirect_uris]}
    return {**shown, **{name: value for name, value in optional.items() if value}, **described_related(present.related)}


def shown_deleted(deleted: Deleted) -> Dict[str, Any]:
    """Return a deleted registration as entra_app_info shows it."""
    found = deleted.registration
    return {
        "app_id": found.app_id, "object_id": found.object_id, "display_name": found.display_name,
        "unique_name": found.unique_name, "deleted_at": deleted.deleted_at, "kept_until": kept_until(deleted)}


def after(present: Present, changes: Sequence[Change], related: Optional[DesiredRelated] = None) -> Dict[str, Any]:
    """Return the result of ``described`` after the changes; ``related`` are the desired owners and federated credentials."""
    shown = described(present)
    for change in changes:
        if change.action == "delete" and change.what == "application":
            return {}
        if change.action == "purge":
            shown = {}
        elif change.action == "restore" and change.what == "application" and present.deleted:
            found = present.deleted.registration
            shown = {"app_id": found.app_id, **described(Present(found))}
        if change.what == "service_principal":
            shown["service_principal"] = True
        if change.what == "application":
            shown.update({_SHOWN[name]: value for name, value in change.properties.items() if name in _SHOWN})
            _remove_redirect_uris(shown, present, change)
    return {**_without_empty(shown), **(related_after(present.related, related) if related else {})}


def _remove_redirect_uris(shown: Dict[str, Any], present: Present, change: Change) -> None:
    found = present.registration or (present.deleted.registration if present.deleted else None)
    if found and "redirect_uris" in shown:
        shown["redirect_uris"] = [uri for platform, uri in found.redirect_uris if platform not in change.properties]


def _without_empty(shown: Dict[str, Any]) -> Dict[str, Any]:
    """Leave out the properties that are shown only when they have a value."""
    optional = ("notes", "service_management_reference", "tags", "redirect_uris")
    return {name: value for name, value in shown.items() if value or name not in optional}


def _listed(found: Sequence[Registration]) -> str:
    return ", ".join(
        f"{one.app_id} ({f'unique_name {one.unique_name}' if one.unique_name else 'no unique_name'})" for one in found[:10])
