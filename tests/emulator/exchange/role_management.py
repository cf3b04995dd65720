# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC for Applications: /beta/roleManagement/exchange. Beta at Microsoft, and so only below /beta here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, Refusal, bad_request, entity, nothing
from emulator.directory.objects import check_read_only
from emulator.directory.permissions import READ_EXCHANGE_ROLES, WRITE_EXCHANGE_ROLES, require
from emulator.exchange.access import APPLICATION_ROLES
from emulator.odata.paging import page
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import APP_SCOPE, ROLE_ASSIGNMENT, ROLE_DEFINITION, EntityType
from emulator.odata.writing import merged, written
from emulator.routing import routes
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call

BASE = "roleManagement/exchange/"
BETA = ("beta",)
_KINDS: dict[str, tuple[str, EntityType]] = {
    "roleassignments": ("exchangeRoleAssignment", ROLE_ASSIGNMENT),
    "roledefinitions": ("exchangeRoleDefinition", ROLE_DEFINITION),
    "customappscopes": ("exchangeAppScope", APP_SCOPE),
}
_PRINCIPAL = re.compile(r"/(ServicePrincipals|Users|RoleGroups|Groups)/([^/]+)\Z", re.I)
_SCOPE = re.compile(r"/(?:(?:users|groups|administrativeUnits)/[^/]+)?\Z", re.I)


def create_definitions(world: World, tenant: str) -> None:
    """The application roles that Exchange has in each tenant; their ids differ from tenant to tenant here."""
    for name in APPLICATION_ROLES:
        key = ids.fixed(tenant, "exchange role", name)
        world.store.put("exchangeRoleDefinition", key, {
            "id": key, "tenant": tenant, "displayName": name, "description": name, "isEnabled": True,
            "version": "0.12 (14.0.451.0)", "isBuiltIn": True, "templateId": None, "allowedPrincipalTypes": "servicePrincipal",
            "rolePermissions": [{"allowedResourceActions": [name], "excludedResourceActions": [], "condition": None}],
        })  # fmt: skip


def _of(call: Call) -> tuple[str, EntityType, str]:
    name = str(call.segments[2])
    kind, type_ = _KINDS[name.lower()]
    return kind, type_, f"roleManagement/exchange/{name}"


@routes.add("GET", BASE + "roleAssignments", versions=BETA)
@routes.add("GET", BASE + "roleDefinitions", versions=BETA)
@routes.add("GET", BASE + "customAppScopes", versions=BETA)
def list_all(call: Call) -> Answer:
    require(call, *READ_EXCHANGE_ROLES)
    kind, type_, path = _of(call)
    return page(call, path, type_, call.view.all(kind, tenant=call.tenant))


@routes.add("GET", BASE + "roleAssignments/{object}", versions=BETA)
@routes.add("GET", BASE + "roleDefinitions/{object}", versions=BETA)
@routes.add("GET", BASE + "customAppScopes/{object}", versions=BETA)
def get(call: Call) -> Answer:
    require(call, *READ_EXCHANGE_ROLES)
    _, type_, path = _of(call)
    options = read_single(call.query, type_, DIRECTORY)
    return entity(call.context(f"{path}{options.shown}/$entity"), options.pruned(_existing(call)))


def _existing(call: Call) -> Document:
    found = call.view.get(_of(call)[0], call.key("object"))
    if found is None or found["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The object '{call.key('object')}' was not found.")
    return found


@routes.add("POST", BASE + "roleAssignments", versions=BETA)
def assign(call: Call) -> Answer:
    require(call, *WRITE_EXCHANGE_ROLES)
    given = written(ROLE_ASSIGNMENT, call.json())
    principal = _PRINCIPAL.match(str(given.get("principalId") or ""))
    if not principal:
        raise bad_request("The principalId is invalid. It has to be like '/ServicePrincipals/{id}'.", "BadRequest")
    known = call.view.get("servicePrincipal", principal[2].lower())
    if principal[1].lower() == "serviceprincipals" and (known is None or known["tenant"] != call.tenant):
        raise Refusal(404, "NotFound", f"The service principal '{principal[2]}' was not found.")
    role = call.world.store.get("exchangeRoleDefinition", str(given.get("roleDefinitionId") or ""))
    if role is None or role["tenant"] != call.tenant:
        raise Refusal(404, "NotFound", f"The role definition '{given.get('roleDefinitionId')}' was not found.")
    _check_scope(call, given)
    document = {
        "id": ids.new(), "tenant": call.tenant, "principalId": f"/ServicePrincipals/{principal[2]}",
        "roleDefinitionId": role["id"],
        "directoryScopeId": given.get("directoryScopeId"), "appScopeId": given.get("appScopeId"),
    }  # fmt: skip
    same = ("principalId", "roleDefinitionId", "directoryScopeId", "appScopeId")
    if any(all(one[name] == document[name] for name in same)
           for one in call.world.store.peek("exchangeRoleAssignment", tenant=call.tenant)):  # fmt: skip
        raise Refusal(409, "Conflict", "A role assignment with the same principal, role and scope already exists.")
    call.world.store.put("exchangeRoleAssignment", document["id"], document)
    return _created(call, document)


def _check_scope(call: Call, given: Document) -> None:
    directory, own = given.get("directoryScopeId"), given.get("appScopeId")
    if bool(directory) == bool(own):
        raise bad_request("Either directoryScopeId or appScopeId has to be specified.", "BadRequest")
    if own and not call.world.store.get("exchangeAppScope", own):
        raise Refusal(404, "NotFound", f"The app scope '{own}' was not found.")
    if directory and not _SCOPE.match(directory):
        raise bad_request(f"The directoryScopeId '{directory}' is invalid.", "BadRequest")
    if directory and directory.lower().startswith("/users/"):
        user = call.view.get("user", directory.rpartition("/")[2].lower())
        if user is None or user["tenant"] != call.tenant:
            raise Refusal(404, "NotFound", f"The user of the scope '{directory}' was not found.")


def _created(call: Call, document: Document) -> Answer:
    _, type_, path = _of(call)
    body = read_single({}, type_, DIRECTORY).pruned(document)
    return entity(call.context(f"{path}/$entity"), body, 201, {"Location": f"{call.root}/{path}/{document['id']}"})


@routes.add("POST", BASE + "customAppScopes", versions=BETA)
def create_scope(call: Call) -> Answer:
    require(call, *WRITE_EXCHANGE_ROLES)
    given = written(APP_SCOPE, call.json())
    if not given.get("displayName"):
        raise _nameless()
    if any(one["displayName"].lower() == given["displayName"].lower()
           for one in call.world.store.peek("exchangeAppScope", tenant=call.tenant)):  # fmt: skip
        raise Refusal(409, "Conflict", "A scope with this name already exists.")
    document = {
        "id": ids.new(), "tenant": call.tenant, "type": given.get("type") or "RecipientScope",
        "displayName": given["displayName"],
        "customAttributes": given.get("customAttributes") or {},
    }  # fmt: skip
    call.world.store.put("exchangeAppScope", document["id"], document)
    return _created(call, document)


def _nameless() -> Refusal:
    return bad_request("The displayName of the scope is missing.", "BadRequest")


@routes.add("PATCH", BASE + "customAppScopes/{object}", versions=BETA)
def update_scope(call: Call) -> Answer:
    require(call, *WRITE_EXCHANGE_ROLES)
    document = _existing(call)
    given = written(APP_SCOPE, call.json())
    check_read_only(given, document, "id")
    changed = merged(APP_SCOPE.declared, document, given, {})
    if not changed["displayName"]:
        raise _nameless()
    call.world.store.put("exchangeAppScope", document["id"], changed)
    return nothing()


@routes.add("DELETE", BASE + "roleAssignments/{object}", versions=BETA)
@routes.add("DELETE", BASE + "customAppScopes/{object}", versions=BETA)
def delete(call: Call) -> Answer:
    require(call, *WRITE_EXCHANGE_ROLES)
    document = _existing(call)
    if any(one["appScopeId"] == document["id"] for one in call.world.store.peek("exchangeRoleAssignment")):
        raise Refusal(400, "BadRequest", "The scope is used by a role assignment.")
    call.world.store.delete(_of(call)[0], document["id"])
    return nothing()
