# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC for Applications: /beta/roleManagement/exchange. Beta at Microsoft, and so only below /beta here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, Refusal, bad_request, entity, nothing
from emulator.directory.permissions import READ_EXCHANGE_ROLES, WRITE_EXCHANGE_ROLES, require
from emulator.exchange.access import APPLICATION_ROLES
from emulator.odata.paging import page
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import ROLE_ASSIGNMENT, ROLE_DEFINITION
from emulator.odata.writing import written
from emulator.routing import routes
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call

ASSIGNMENTS, DEFINITIONS = "roleManagement/exchange/roleAssignments", "roleManagement/exchange/roleDefinitions"
BETA = ("beta",)
_PRINCIPAL = re.compile(r"/ServicePrincipals/([^/]+)\Z", re.I)
_SCOPE = re.compile(r"/users/([^/]+)\Z", re.I)


def create_definitions(world: World, tenant: str) -> None:
    """The application roles that Exchange has in each tenant; their ids differ from tenant to tenant here."""
    for name in APPLICATION_ROLES:
        key = ids.fixed(tenant, "exchange role", name)
        world.store.put("exchangeRoleDefinition", key, {
            "id": key, "tenant": tenant, "displayName": name, "description": name, "isEnabled": True, "isBuiltIn": True,
        })  # fmt: skip


@routes.add("GET", DEFINITIONS, versions=BETA)
def list_definitions(call: Call) -> Answer:
    require(call, *READ_EXCHANGE_ROLES)
    return page(call, DEFINITIONS, ROLE_DEFINITION, call.view.all("exchangeRoleDefinition", tenant=call.tenant))


@routes.add("GET", ASSIGNMENTS, versions=BETA)
def list_assignments(call: Call) -> Answer:
    require(call, *READ_EXCHANGE_ROLES)
    return page(call, ASSIGNMENTS, ROLE_ASSIGNMENT, call.view.all("exchangeRoleAssignment", tenant=call.tenant))


@routes.add("POST", ASSIGNMENTS, versions=BETA)
def assign(call: Call) -> Answer:
    """A role for one mailbox: other scopes are refused here."""
    require(call, *WRITE_EXCHANGE_ROLES)
    given = written(ROLE_ASSIGNMENT, call.json())
    principal = _PRINCIPAL.match(str(given.get("principalId") or ""))
    if not principal:
        raise bad_request("The principalId is invalid. It has to be like '/ServicePrincipals/{id}'.", "BadRequest")
    known = call.view.get("servicePrincipal", principal[1].lower())
    if known is None or known["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The service principal '{principal[1]}' was not found.")
    role = call.world.store.get("exchangeRoleDefinition", str(given.get("roleDefinitionId") or ""))
    if role is None or role["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The role definition '{given.get('roleDefinitionId')}' was not found.")
    scope = _SCOPE.match(str(given.get("directoryScopeId") or ""))
    if not scope or given.get("appScopeId"):
        raise bad_request(f"The directoryScopeId '{given.get('directoryScopeId')}' is invalid.", "BadRequest")
    user = call.view.get("user", scope[1].lower())
    if user is None or user["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The user of the scope '{scope[0]}' was not found.")
    document = {
        "id": ids.new(), "tenant": call.tenant, "principalId": f"/ServicePrincipals/{principal[1]}",
        "roleDefinitionId": role["id"], "directoryScopeId": scope[0], "appScopeId": None,
    }  # fmt: skip
    same = ("principalId", "roleDefinitionId", "directoryScopeId")
    if any(all(one[name] == document[name] for name in same)
           for one in call.world.store.peek("exchangeRoleAssignment", tenant=call.tenant)):  # fmt: skip
        raise Refusal(409, "Conflict", "A role assignment with the same principal, role and scope already exists.")
    call.world.store.put("exchangeRoleAssignment", document["id"], document)
    body = read_single({}, ROLE_ASSIGNMENT, DIRECTORY).pruned(document)
    return entity(
        call.context(f"{ASSIGNMENTS}/$entity"), body, 201, {"Location": f"{call.root}/{ASSIGNMENTS}/{document['id']}"}
    )


@routes.add("DELETE", ASSIGNMENTS + "/{object}", versions=BETA)
def delete(call: Call) -> Answer:
    require(call, *WRITE_EXCHANGE_ROLES)
    found = call.view.get("exchangeRoleAssignment", call.key("object"))
    if found is None or found["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The object '{call.key('object')}' was not found.")
    call.world.store.delete("exchangeRoleAssignment", found["id"])
    return nothing()
