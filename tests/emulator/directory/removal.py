# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications and service principals that are deleted: out of the directory, and for 30 days to be brought back."""

from __future__ import annotations

from emulator.answer import Refusal
from emulator.clock import whole
from emulator.directory.projection import projected
from emulator.store import Document
from emulator.world import World

KIND = "deletedItem"


def remove_application(world: World, application: Document) -> None:
    """Its service principal in its own tenant goes with it."""
    _put_away(world, "application", application)
    for principal in world.store.all("servicePrincipal"):
        if (principal["appId"], principal["tenant"]) == (application["appId"], application["tenant"]):
            remove_principal(world, principal)


def remove_principal(world: World, principal: Document) -> None:
    """With what it has been assigned, and what has been assigned of its roles."""
    key = principal["id"]
    assignments = [one for one in world.store.all("appRoleAssignment") if key in (one["principalId"], one["resourceId"])]
    for assignment in assignments:
        world.store.delete("appRoleAssignment", assignment["id"])
    _put_away(world, "servicePrincipal", principal | {"assignments": assignments})


def _put_away(world: World, kind: str, document: Document) -> None:
    """`of` is what it was."""
    world.store.delete(kind, document["id"])
    moment = whole(world.clock.now())
    world.store.put(KIND, document["id"], document | {"of": kind, "deletedDateTime": moment})


def restore(world: World, item: Document) -> Document:
    """As it was, and as its application is by now. An application comes without its principal, which is an item of its own."""
    kind = item["of"]
    document = {name: value for name, value in item.items() if name not in ("of", "assignments")} | {"deletedDateTime": None}
    if kind == "servicePrincipal":
        document = _of_today(world, document)
    world.store.delete(KIND, item["id"])
    world.store.put(kind, document["id"], document)
    for assignment in item.get("assignments", ()):
        if all(world.store.get("servicePrincipal", assignment[end]) for end in ("principalId", "resourceId")):
            world.store.put("appRoleAssignment", assignment["id"], assignment)
    return document


def _of_today(world: World, principal: Document) -> Document:
    app_id = principal["appId"]
    if next(world.store.peek("servicePrincipal", appId=app_id, tenant=principal["tenant"]), None):
        raise name_in_use(app_id)
    application = next(world.store.peek("application", appId=app_id), None)
    return principal | projected(application) if application else principal


def name_in_use(app_id: str) -> Refusal:
    """A second principal of one application."""
    return Refusal(
        409, "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name"
        f" {app_id} is already in use.",
        details=[{"code": "ConflictingObjects", "target": "servicePrincipalNames",
                  "message": "The service principal name is already in use."}],
    )  # fmt: skip
