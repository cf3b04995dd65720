# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/servicePrincipals: list, create for an application of this tenant, get, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal, entity, not_found, nothing
from emulator.directory import objects, removal
from emulator.directory.expansion import expanded
from emulator.directory.permissions import READ_APPLICATIONS, READ_ASSIGNMENTS, WRITE_ALL_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.odata.schema import SERVICE_PRINCIPAL
from emulator.odata.writing import merged, written
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

READING = (*READ_APPLICATIONS, *READ_ASSIGNMENTS)


@routes.add("GET", "servicePrincipals")
def list_principals(call: Call) -> Answer:
    require(call, *READING)
    options = read(call.query, SERVICE_PRINCIPAL, DIRECTORY, eventual=call.eventual)
    found = options.chosen(call.view.all("servicePrincipal", tenant=call.tenant))
    return page_of(call, "servicePrincipals", options, found, lambda one: options.pruned(one) | expanded(call, options, one))


@routes.add("POST", "servicePrincipals")
def create(call: Call) -> Answer:
    require_writing(call)
    given = call.json()
    objects.required(given, "appId", "ServicePrincipal")
    return _created(call, made(call, given))


def made(call: Call, given: dict[str, Any]) -> Document:
    """The principal of an application that this replica already knows of."""
    given = written(SERVICE_PRINCIPAL, given)
    objects.check_read_only(given, None, "id", "deletedDateTime")
    app_id = given["appId"].lower()
    application = call.view.first("application", tenant=call.tenant, appId=app_id)
    if application is None:
        raise _no_application(call, app_id)
    if not call.caller.has(*WRITE_ALL_APPLICATIONS):
        require_writing(call, application)
    if _of(call, app_id) is not None:
        raise removal.name_in_use(app_id)
    principal = objects.new_principal(objects.home(call.world, call.tenant), call.world.clock, application, given)
    if not call.caller.has(*WRITE_ALL_APPLICATIONS):
        principal["owners"] = [call.caller.object_id]
    call.world.store.put("servicePrincipal", principal["id"], principal)
    return principal


def _of(call: Call, app_id: str) -> Document | None:
    return next((one for one in call.world.store.all("servicePrincipal")
                 if one["appId"] == app_id and one["tenant"] == call.tenant), None)  # fmt: skip


def _no_application(call: Call, app_id: str) -> Refusal:
    """Both are what lag looks like: under OwnedBy a 403, else a 400."""
    if not call.caller.has(*WRITE_ALL_APPLICATIONS):
        return Refusal(
            403, "Authorization_RequestDenied",
            "When using this permission, the backing application of the service principal being created must in the local tenant",
        )  # fmt: skip
    message = f"The appId '{app_id}' of the service principal does not reference a valid application object."
    return Refusal(
        400, "Request_BadRequest", message,
        details=[{"code": "NoBackingApplicationObject", "target": "appId", "message": message}],
    )  # fmt: skip


def _created(call: Call, principal: Document) -> Answer:
    body = read_single({}, SERVICE_PRINCIPAL, DIRECTORY).pruned(principal)
    location = f"{call.root}/{call.tenant}/directoryObjects/{principal['id']}/Microsoft.DirectoryServices.ServicePrincipal"
    return entity(call.context("servicePrincipals/$entity"), body, 201, {"Location": location})


@routes.add("GET", "servicePrincipals/{principal}")
def get(call: Call) -> Answer:
    require(call, *READING)
    options = read_single(call.query, SERVICE_PRINCIPAL, DIRECTORY)
    principal = objects.existing(call, "servicePrincipal", "principal")
    body = options.pruned(principal) | expanded(call, options, principal)
    return entity(call.context(f"servicePrincipals{options.shown}/$entity"), body)


@routes.add("PATCH", "servicePrincipals/{principal}")
def update(call: Call) -> Answer:
    """204; with `Prefer: create-if-missing` and an appId that has no principal here, 201 and the principal."""
    require_writing(call)
    key = call.keys["principal"]
    if key.property == "appId":
        found = _of(call, key.value.lower())
        if found is None and "create-if-missing" in call.preferences:
            return _created(call, made(call, {**(call.json() if call.body else {}), "appId": key.value}))
        if found is None:
            raise not_found(key.value)
    else:
        found = objects.to_change(call, "servicePrincipal", "principal")
    require_writing(call, found)
    given = written(SERVICE_PRINCIPAL, call.json())
    objects.check_read_only(given, found, "id", "appId", "deletedDateTime")
    call.world.store.put("servicePrincipal", found["id"], merged(SERVICE_PRINCIPAL.declared, found, given, {}))
    return nothing()


@routes.add("DELETE", "servicePrincipals/{principal}")
def delete(call: Call) -> Answer:
    require_writing(call)
    principal = objects.to_change(call, "servicePrincipal", "principal")
    require_writing(call, principal)
    removal.remove_principal(call.world, principal)
    return nothing()
