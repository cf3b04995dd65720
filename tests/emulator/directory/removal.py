# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications that are deleted: out of the directory, while their uniqueName stays taken."""

from __future__ import annotations

from emulator.clock import whole
from emulator.store import Document
from emulator.world import World

KIND = "deletedItem"


def remove_application(world: World, application: Document) -> None:
    """Its service principal in its own tenant goes with it, and what that has been assigned."""
    world.store.delete("application", application["id"])
    world.store.put(KIND, application["id"], application | {"deletedDateTime": whole(world.clock.now())})
    for principal in world.store.all("servicePrincipal"):
        if (principal["appId"], principal["tenant"]) == (application["appId"], application["tenant"]):
            for assignment in list(world.store.peek("appRoleAssignment", principalId=principal["id"])):
                world.store.delete("appRoleAssignment", assignment["id"])
            world.store.delete("servicePrincipal", principal["id"])
