# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan the owners and the federated credentials of an app registration. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import InputRefused

FEDERATED, OWNER = "federated_credential", "owner"


class Step(NamedTuple):
    """One request to Graph: the action (create, update or delete), the kind of object, and its properties by Graph's names."""

    action: str
    what: str
    properties: Dict[str, Any]


@dataclass(frozen=True)
class Federated:
    """A federated credential: tokens of this issuer for this subject and audience may act as the application."""

    name: str
    issuer: str
    subject: str
    audiences: Tuple[str, ...]
    description: str = ""
    object_id: str = ""

    @property
    def properties(self) -> Dict[str, Any]:
        """Return the properties by Graph's names, which an update may change."""
        return {
            "issuer": self.issuer, "subject": self.subject, "audiences": list(self.audiences),
            "description": self.description or None}

    @property
    def shown(self) -> Dict[str, Any]:
        """Return the credential as diffs and entra_app_info show it; nothing of it is secret."""
        return {
            "name": self.name, "issuer": self.issuer, "subject": self.subject, "audiences": list(self.audiences),
            "description": self.description}


@dataclass(frozen=True)
class Related:
    """Present owners, by object id, and federated credentials; None what was not read, as no option concerns it."""

    owners: Optional[FrozenSet[str]] = None
    federated: Optional[Tuple[Federated, ...]] = None


@dataclass(frozen=True)
class DesiredRelated:
    """Desired owners by object id, the owner that is never removed, and federated credentials; None leaves them unchanged."""

    owners: Optional[FrozenSet[str]] = None
    purge_owners: bool = False
    myself: str = ""
    federated: Optional[Tuple[Federated, ...]] = None


def federated_of(found: Mapping[str, Any]) -> Federated:
    """Read Graph's JSON of a federated credential."""
    return Federated(
        str(found.get("name")), str(found.get("issuer")), str(found.get("subject")), tuple(found.get("audiences") or ()),
        str(found.get("description") or ""), str(found.get("id")))


def desired_federated(given: Optional[Sequence[Mapping[str, Any]]]) -> Optional[Tuple[Federated, ...]]:
    """Read the option. Raises InputRefused for two credentials with one name, or with one issuer and subject."""
    if given is None:
        return None
    found = tuple(
        Federated(one["name"], one["issuer"], one["subject"], tuple(one["audiences"]), one["description"] or "") for one in given)
    for field, keys in (
        ("name", [one.name for one in found]), ("issuer and subject", [f"{one.issuer} {one.subject}" for one in found]),
    ):
        twice = sorted({one for one in keys if keys.count(one) > 1})
        if twice:
            raise InputRefused("federated_credentials", f"two of them have the {field} {twice[0]}", "Write one of them")
    for one in found:
        if len(one.audiences) != 1:
            raise InputRefused(
                "federated_credentials", f"{one.name} has {len(one.audiences)} audiences, and Entra takes one",
                "Write one, such as api://AzureADTokenExchange, or leave audiences out")
    return found


def plan_related(present: Related, desired: DesiredRelated) -> List[Step]:
    """Return the steps, removals of federated credentials first: two cannot have the same issuer and subject."""
    return [*_federated(present.federated or (), desired.federated), *_owners(present.owners or frozenset(), desired)]


def _federated(present: Sequence[Federated], desired: Optional[Sequence[Federated]]) -> List[Step]:
    if desired is None:
        return []
    there, wanted = {one.name: one for one in present}, {one.name: one for one in desired}
    gone = [Step("delete", FEDERATED, {"id": one.object_id, "name": one.name}) for one in present if one.name not in wanted]
    changed = [
        Step("update", FEDERATED, {"id": there[one.name].object_id, **one.properties})
        for one in desired if one.name in there and there[one.name].properties != one.properties]
    new = [Step("create", FEDERATED, {"name": one.name, **one.properties}) for one in desired if one.name not in there]
    return [*gone, *changed, *new]


def _owners(present: FrozenSet[str], desired: DesiredRelated) -> List[Step]:
    if desired.owners is None:
        return []
    removed = present - desired.owners - {desired.myself} if desired.purge_owners else frozenset()
    return [
        *(Step("create", OWNER, {"id": one}) for one in sorted(desired.owners - present)),
        *(Step("delete", OWNER, {"id": one}) for one in sorted(removed))]


def described_related(present: Related) -> Dict[str, Any]:
    """Return owners and federated credentials for diffs, each only if it was read."""
    shown: Dict[str, Any] = {}
    if present.owners is not None:
        shown["owners"] = sorted(present.owners)
    if present.federated is not None:
        shown["federated_credentials"] = [one.shown for one in sorted(present.federated, key=lambda one: one.name)]
    return shown


def related_after(present: Related, desired: DesiredRelated) -> Dict[str, Any]:
    """Return the result of ``described_related`` after the steps."""
    owners = present.owners
    if desired.owners is not None:
        there = present.owners or frozenset()
        owners = desired.owners | (there & {desired.myself} if desired.purge_owners else there)
    federated = present.federated if desired.federated is None else desired.federated
    return described_related(Related(owners, federated))
