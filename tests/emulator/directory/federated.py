# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/applications/{id}/federatedIdentityCredentials: list, create, get, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, Refusal, bad_request, entity, not_found, nothing
from emulator.directory import objects
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.odata.schema import FEDERATED
from emulator.odata.writing import written
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

MOST = 20
_PATH = "applications/{application}/federatedIdentityCredentials"
_NAMED = f"{_PATH}/{{credential}}"


@routes.add("GET", _PATH)
def list_credentials(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    document = objects.existing(call, "application", "application")
    options = read(call.query, FEDERATED, DIRECTORY)
    path = f"applications('{document['id']}')/federatedIdentityCredentials"
    return page_of(call, path, options, options.chosen(_all(document)), options.pruned)


@routes.add("GET", _NAMED)
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    document = objects.existing(call, "application", "application")
    options = read_single(call.query, FEDERATED, DIRECTORY)
    return entity(_context(call, document), options.pruned(_one(call, document)))


@routes.add("POST", _PATH)
def create(call: Call) -> Answer:
    document = _to_change(call)
    given = _checked(written(FEDERATED, call.json()))
    for name in ("name", "issuer", "subject", "audiences"):
        if not given.get(name):
            raise bad_request(f"A value is required for property '{name}' of resource 'FederatedIdentityCredential'.")
    there = _all(document)
    if len(there) >= MOST:
        raise bad_request(f"Not allowed to have more than {MOST} federated identity credentials.", "Directory_QuotaExceeded")
    made = {"description": None, **given, "id": ids.new()}
    if any(one["name"] == made["name"] for one in there):
        raise Refusal(409, "Request_MultipleObjectsWithSameKeyValue",
                      f"FederatedIdentityCredential with name {made['name']} already exists.")  # fmt: skip
    _check_combination(made, there)
    _keep(call, document, [*there, made])
    return entity(_context(call, document), made, 201)


@routes.add("PATCH", _NAMED)
def update(call: Call) -> Answer:
    document = _to_change(call)
    before = _one(call, document)
    given = _checked(written(FEDERATED, call.json()))
    if given.get("name", before["name"]) != before["name"]:
        raise bad_request("Property 'name' is immutable and cannot be changed.")
    others = [one for one in _all(document) if one["id"] != before["id"]]
    changed = {**before, **given}
    _check_combination(changed, others)
    _keep(call, document, [changed if one["id"] == before["id"] else one for one in _all(document)])
    return nothing()


@routes.add("DELETE", _NAMED)
def delete(call: Call) -> Answer:
    document = _to_change(call)
    gone = _one(call, document)
    _keep(call, document, [one for one in _all(document) if one["id"] != gone["id"]])
    return nothing()


def _to_change(call: Call) -> Document:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    return document


def _all(document: Document) -> list[Document]:
    return list(document.get("federatedIdentityCredentials", ()))


def _one(call: Call, document: Document) -> Document:
    key = call.keys["credential"].value
    found = next((one for one in _all(document) if key in (one["id"], one["name"])), None)
    if found is None:
        raise not_found(key)
    return found


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    if len(given.get("audiences") or ["one"]) != 1:
        raise bad_request("The audiences must contain exactly one value.")
    return given


def _check_combination(one: Document, others: list[Document]) -> None:
    """Issuer and subject identify a workload."""
    if any((other["issuer"], other["subject"]) == (one["issuer"], one["subject"]) for other in others):
        raise bad_request("FederatedIdentityCredential with the same issuer and subject already exists.")


def _keep(call: Call, document: Document, credentials: list[Document]) -> None:
    call.world.store.put("application", document["id"], document | {"federatedIdentityCredentials": credentials})


def _context(call: Call, document: Document) -> str:
    return call.context(f"applications('{document['id']}')/federatedIdentityCredentials/$entity")
