# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent: roles are assigned at the resource (appRoleAssignedTo), listed and removed at the client (appRoleAssignments).

An application permission of Graph that has been assigned is what people call admin consent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, Refusal, bad_request, entity, nothing
from emulator.clock import exact
from emulator.directory import objects
from emulator.directory.permissions import READ_ASSIGNMENTS, WRITE_ASSIGNMENTS, require
from emulator.odata.paging import page
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import APP_ROLE_ASSIGNMENT
from emulator.odata.writing import written
from emulator.routing import routes
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call


def assign(world: World, principal: Document, resource: Document, role_id: str) -> Document:
    """Kept as it goes out."""
    assignment = {
        "id": ids.assignment_id(), "deletedDateTime": None, "appRoleId": role_id, "tenant": principal["tenant"],
        "createdDateTime": exact(world.clock.now()), "principalDisplayName": principal["displayName"],
        "principalId": principal["id"], "principalType": "ServicePrincipal", "resourceDisplayName": resource["displayName"],
        "resourceId": resource["id"],
    }  # fmt: skip
    world.store.put("appRoleAssignment", assignment["id"], assignment)
    return assignment


@routes.add("GET", "servicePrincipals/{principal}/appRoleAssignments")
def list_assignments(call: Call) -> Answer:
    require(call, *READ_ASSIGNMENTS)
    principal = objects.existing(call, "servicePrincipal", "principal")
    found = call.view.all("appRoleAssignment", principalId=principal["id"])
    return page(call, f"servicePrincipals('{principal['id']}')/appRoleAssignments", APP_ROLE_ASSIGNMENT, found)


@routes.add("POST", "servicePrincipals/{principal}/appRoleAssignedTo")
def create(call: Call) -> Answer:
    require(call, *WRITE_ASSIGNMENTS)
    owner = objects.existing(call, "servicePrincipal", "principal")
    given = written(APP_ROLE_ASSIGNMENT, call.json())
    for needed in ("principalId", "resourceId", "appRoleId"):
        if given.get(needed) is None:
            raise bad_request(f"Invalid value specified for property '{needed}' of resource 'AppRoleAssignment'.")
    principal, resource = (call.view.get("servicePrincipal", given[end]) for end in ("principalId", "resourceId"))
    if not principal or not resource or resource["id"] != owner["id"] or principal["tenant"] != call.tenant:
        raise bad_request("Not a valid reference update.")
    role_id = given["appRoleId"]
    if role_id not in {role["id"] for role in resource["appRoles"]}:
        raise bad_request(f"Permission being assigned was not found on application '{resource['appId']}'.")
    if any((one["principalId"], one["resourceId"], one["appRoleId"]) == (principal["id"], resource["id"], role_id)
           for one in call.world.store.all("appRoleAssignment")):  # fmt: skip
        message = "Permission being assigned already exists on the object"
        raise Refusal(
            400, "Request_BadRequest", message,
            details=[{"code": "InvalidUpdate", "message": message, "target": "permission"}],
        )  # fmt: skip
    assignment = assign(call.world, principal, resource, role_id)
    body = read_single({}, APP_ROLE_ASSIGNMENT, DIRECTORY).pruned(assignment)
    path = f"servicePrincipals('{owner['id']}')/appRoleAssignedTo"
    location = f"{call.root}/servicePrincipals/{owner['id']}/appRoleAssignedTo/{assignment['id']}"
    return entity(call.context(f"{path}/$entity"), body, 201, {"Location": location})


@routes.add("DELETE", "servicePrincipals/{principal}/appRoleAssignments/{assignment}")
def delete(call: Call) -> Answer:
    require(call, *WRITE_ASSIGNMENTS)
    principal = objects.existing(call, "servicePrincipal", "principal")
    assignment = call.view.get("appRoleAssignment", call.key("assignment"))
    if assignment is None or assignment["principalId"] != principal["id"]:
        raise bad_request("EntitlementGrant being updated or deleted is not found.")
    call.world.store.delete("appRoleAssignment", assignment["id"])
    return nothing()
