# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications and service principals that are deleted: out of the directory for 30 days, then for good.

A deleted application keeps its uniqueName. A deleted service principal keeps what it has been assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from emulator.clock import whole
from emulator.store import Document
from emulator.world import World

KEPT_FOR = timedelta(days=30)
# Kinds of the store, by the kinds of the objects.
KINDS = {"application": "deletedItem", "servicePrincipal": "deletedPrincipal"}


def deleted(world: World, kind: str) -> Iterator[Document]:
    """Yield the deleted objects of this kind that can be restored; older ones are removed for good."""
    for one in list(world.store.peek(KINDS[kind])):
        if world.clock.now() - datetime.fromisoformat(one["deletedDateTime"]) >= KEPT_FOR:
            world.store.delete(KINDS[kind], one["id"])
        else:
            yield one


def remove_application(world: World, application: Document) -> None:
    """Its service principal in its own tenant goes with it."""
    world.store.delete("application", application["id"])
    _keep(world, "application", application)
    for principal in world.store.all("servicePrincipal"):
        if (principal["appId"], principal["tenant"]) == (application["appId"], application["tenant"]):
            assignments = list(world.store.peek("appRoleAssignment", principalId=principal["id"]))
            for assignment in assignments:
                world.store.delete("appRoleAssignment", assignment["id"])
            world.store.delete("servicePrincipal", principal["id"])
            _keep(world, "servicePrincipal", principal | {"assignments": assignments})


def _keep(world: World, kind: str, document: Document) -> None:
    world.store.put(KINDS[kind], document["id"], document | {"deletedDateTime": whole(world.clock.now())})


def restore(world: World, kind: str, document: Document) -> Document:
    """Bring the object back as it was; the service principal of an application is restored by a call of its own."""
    restored = {name: value for name, value in document.items() if name != "assignments"} | {"deletedDateTime": None}
    world.store.delete(KINDS[kind], document["id"])
    world.store.put(kind, document["id"], restored)
    for assignment in document.get("assignments", ()):
        world.store.put("appRoleAssignment", assignment["id"], assignment)
    return restored


def purge(world: World, kind: str, document: Document) -> None:
    """Remove the object for good."""
    world.store.delete(KINDS[kind], document["id"])
