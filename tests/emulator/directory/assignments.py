# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App role assignments, from either end: appRoleAssignedTo of the resource, appRoleAssignments of the client.

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

# The end of an assignment that stands in the path, by the name of the collection.
ENDS = {"appRoleAssignedTo": "resourceId", "appRoleAssignments": "principalId"}
NO_ROLE = "00000000-0000-0000-0000-000000000000"


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


def _collection(call: Call) -> str:
    return next(name for name in ENDS if name.lower() == str(call.segments[2]).lower())


def _context(call: Call, owner: Document, name: str) -> str:
    return f"servicePrincipals('{owner['id']}')/{name}"


@routes.add("GET", "servicePrincipals/{principal}/appRoleAssignedTo")
@routes.add("GET", "servicePrincipals/{principal}/appRoleAssignments")
def list_assignments(call: Call) -> Answer:
    require(call, *READ_ASSIGNMENTS)
    owner, name = objects.existing(call, "servicePrincipal", "principal"), _collection(call)
    found = call.view.all("appRoleAssignment", **{ENDS[name]: owner["id"]})
    return page(call, _context(call, owner, name), APP_ROLE_ASSIGNMENT, found)


@routes.add("POST", "servicePrincipals/{principal}/appRoleAssignedTo")
@routes.add("POST", "servicePrincipals/{principal}/appRoleAssignments")
def create(call: Call) -> Answer:
    require(call, *WRITE_ASSIGNMENTS)
    owner, name = objects.existing(call, "servicePrincipal", "principal"), _collection(call)
    given = written(APP_ROLE_ASSIGNMENT, call.json())
    for needed in ("principalId", "resourceId", "appRoleId"):
        if given.get(needed) is None:
            raise bad_request(f"Invalid value specified for property '{needed}' of resource 'AppRoleAssignment'.")
    if given[ENDS[name]] != owner["id"]:
        raise _no_reference()
    principal, resource = (call.view.get("servicePrincipal", given[end]) for end in ("principalId", "resourceId"))
    if not principal or not resource or {principal["tenant"], resource["tenant"]} != {call.tenant}:
        raise _no_reference()
    role_id = given["appRoleId"]
    if role_id != NO_ROLE and role_id not in {role["id"] for role in resource["appRoles"]}:
        raise bad_request("Permission being assigned was not found on application " f"'{resource['appId']}'.")
    if any((one["principalId"], one["resourceId"], one["appRoleId"]) == (principal["id"], resource["id"], role_id)
           for one in call.world.store.all("appRoleAssignment")):  # fmt: skip
        message = "Permission being assigned already exists on the object"
        raise Refusal(
            400, "Request_BadRequest", message,
            details=[{"code": "InvalidUpdate", "message": message, "target": "permission"}],
        )  # fmt: skip
    assignment = assign(call.world, principal, resource, role_id)
    body = read_single({}, APP_ROLE_ASSIGNMENT, DIRECTORY).pruned(assignment)
    location = f"{call.root}/servicePrincipals/{owner['id']}/{name}/{assignment['id']}"
    return entity(call.context(_context(call, owner, name) + "/$entity"), body, 201, {"Location": location})


def _no_reference() -> Refusal:
    return bad_request("Not a valid reference update.")


def _one(call: Call) -> tuple[Document, Document | None]:
    owner = objects.existing(call, "servicePrincipal", "principal")
    assignment = call.view.get("appRoleAssignment", call.key("assignment"))
    return owner, assignment if assignment and assignment[ENDS[_collection(call)]] == owner["id"] else None


@routes.add("GET", "servicePrincipals/{principal}/appRoleAssignedTo/{assignment}")
@routes.add("GET", "servicePrincipals/{principal}/appRoleAssignments/{assignment}")
def get(call: Call) -> Answer:
    require(call, *READ_ASSIGNMENTS)
    owner, assignment = _one(call)
    if assignment is None:
        raise Refusal(404, "Request_ResourceNotFound", "Resource not found for the segment 'appRoleAssignment'.")
    options = read_single(call.query, APP_ROLE_ASSIGNMENT, DIRECTORY)
    context = f"{_context(call, owner, _collection(call))}{options.shown}/$entity"
    return entity(call.context(context), options.pruned(assignment))


@routes.add("DELETE", "servicePrincipals/{principal}/appRoleAssignedTo/{assignment}")
@routes.add("DELETE", "servicePrincipals/{principal}/appRoleAssignments/{assignment}")
def delete(call: Call) -> Answer:
    require(call, *WRITE_ASSIGNMENTS)
    _, assignment = _one(call)
    if assignment is None:
        raise bad_request("EntitlementGrant being updated or deleted is not found.")
    call.world.store.delete("appRoleAssignment", assignment["id"])
    return nothing()
