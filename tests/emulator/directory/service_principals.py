# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/servicePrincipals: create for an application of this tenant, get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, Refusal, entity
from emulator.directory import objects
from emulator.directory.permissions import READ_APPLICATIONS, READ_ASSIGNMENTS, WRITE_ALL_APPLICATIONS, require, require_writing
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import SERVICE_PRINCIPAL
from emulator.odata.writing import written
from emulator.routing import routes

if TYPE_CHECKING:
    from emulator.call import Call

READING = (*READ_APPLICATIONS, *READ_ASSIGNMENTS)


@routes.add("POST", "servicePrincipals")
def create(call: Call) -> Answer:
    """Create the principal of an application that this replica already knows of."""
    require_writing(call)
    given = written(SERVICE_PRINCIPAL, call.json())
    objects.required(given, "appId", "ServicePrincipal")
    objects.check_read_only(given, None, "id", "deletedDateTime")
    app_id = given["appId"].lower()
    application = call.view.first("application", tenant=call.tenant, appId=app_id)
    if application is None:
        raise _no_application(call, app_id)
    if not call.caller.has(*WRITE_ALL_APPLICATIONS):
        require_writing(call, application)
    if any(call.world.store.peek("servicePrincipal", appId=app_id, tenant=call.tenant)):
        raise name_in_use(app_id)
    principal = objects.new_principal(objects.home(call.world, call.tenant), call.world.clock, application, given)
    call.world.store.put("servicePrincipal", principal["id"], principal)
    body = read_single({}, SERVICE_PRINCIPAL, DIRECTORY).pruned(principal)
    location = f"{call.root}/{call.tenant}/directoryObjects/{principal['id']}/Microsoft.DirectoryServices.ServicePrincipal"
    return entity(call.context("servicePrincipals/$entity"), body, 201, {"Location": location})


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


def name_in_use(app_id: str) -> Refusal:
    """A second principal of one application."""
    return Refusal(
        409, "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name"
        f" {app_id} is already in use.",
        details=[{"code": "ConflictingObjects", "target": "servicePrincipalNames",
                  "message": "The service principal name is already in use."}],
    )  # fmt: skip


@routes.add("GET", "servicePrincipals/{principal}")
def get(call: Call) -> Answer:
    require(call, *READING)
    options = read_single(call.query, SERVICE_PRINCIPAL, DIRECTORY)
    principal = objects.existing(call, "servicePrincipal", "principal")
    return entity(call.context(f"servicePrincipals{options.shown}/$entity"), options.pruned(principal))
