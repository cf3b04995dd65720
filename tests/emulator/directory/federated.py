# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""federatedIdentityCredentials of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, Refusal, bad_request, entity, not_found, nothing
from emulator.directory import objects
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import FEDERATED_CREDENTIAL
from emulator.odata.writing import written
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

NEEDED = ("name", "issuer", "subject", "audiences")
KIND = "federatedIdentityCredential"
LIST = "applications/{application}/federatedIdentityCredentials"
ONE = LIST + "/{credential}"


def _context(application: Document) -> str:
    return f"applications('{application['id']}')/federatedIdentityCredentials"


@routes.add("GET", LIST)
def list_credentials(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    application = objects.existing(call, "application", "application")
    return page(call, _context(application), FEDERATED_CREDENTIAL, call.view.all(KIND, application=application["id"]))


@routes.add("POST", LIST)
def create(call: Call) -> Answer:
    require_writing(call)
    application = objects.to_change(call, "application", "application")
    require_writing(call, application)
    given = written(FEDERATED_CREDENTIAL, call.json())
    objects.check_read_only(given, None, "id")
    for name in NEEDED:
        objects.required(given, name, "FederatedIdentityCredential")
    others = list(call.world.store.peek(KIND, application=application["id"]))
    if any(other["name"] == given["name"] for other in others):
        raise Refusal(409, "Request_MultipleObjectsWithSameKeyValue",
                      f"FederatedIdentityCredential with name {given['name']} already exists.")  # fmt: skip
    if any((other["issuer"], other["subject"]) == (given["issuer"], given["subject"]) for other in others):
        raise bad_request("FederatedIdentityCredential with the same issuer and subject already exists.")
    document = {"description": None, **given, "id": ids.new(), "application": application["id"], "tenant": call.tenant}
    call.world.store.put(KIND, document["id"], document)
    body = read_single({}, FEDERATED_CREDENTIAL, DIRECTORY).pruned(document)
    return entity(call.context(_context(application) + "/$entity"), body, 201)


def _one(call: Call) -> tuple[Document, Document]:
    application, key = objects.existing(call, "application", "application"), call.keys["credential"]
    by = "name" if key.property == "name" or not ids.is_guid(key.value) else "id"
    found = call.view.first(KIND, application=application["id"], **{by: key.value})
    if found is None:
        raise not_found(key.value)
    return application, found


@routes.add("GET", ONE)
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    application, document = _one(call)
    options = read_single(call.query, FEDERATED_CREDENTIAL, DIRECTORY)
    return entity(call.context(_context(application) + "/$entity"), options.pruned(document))


@routes.add("PATCH", ONE)
def update(call: Call) -> Answer:
    require_writing(call)
    application, document = _one(call)
    require_writing(call, application)
    given = written(FEDERATED_CREDENTIAL, call.json())
    objects.check_read_only(given, document, "id")
    for name in NEEDED:
        objects.required(document | given, name, "FederatedIdentityCredential")
    if "name" in given and given["name"] != document["name"]:
        raise bad_request("Property 'name' is immutable and cannot be changed.")
    call.world.store.put(KIND, document["id"], document | given)
    return nothing()


@routes.add("DELETE", ONE)
def delete(call: Call) -> Answer:
    require_writing(call)
    application, document = _one(call)
    require_writing(call, application)
    call.world.store.delete(KIND, document["id"])
    return nothing()
