# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/directory/deletedItems: list applications and service principals, get, restore, delete for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ids
from emulator.answer import Answer, bad_request, entity, not_found, nothing
from emulator.directory import objects, removal
from emulator.directory.permissions import READ_APPLICATIONS, WRITE_ALL_APPLICATIONS, require, require_writing
from emulator.directory.service_principals import name_in_use
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.odata.schema import APPLICATION, SERVICE_PRINCIPAL
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

TYPES = {"application": APPLICATION, "servicePrincipal": SERVICE_PRINCIPAL}


@routes.add("GET", "directory/deletedItems/microsoft.graph.application")
def list_applications(call: Call) -> Answer:
    return _listed(call, "application")


@routes.add("GET", "directory/deletedItems/microsoft.graph.servicePrincipal")
def list_principals(call: Call) -> Answer:
    return _listed(call, "servicePrincipal")


def _listed(call: Call, kind: str) -> Answer:
    require(call, *READ_APPLICATIONS)
    options = read(call.query, TYPES[kind], DIRECTORY)
    found = options.chosen(dict(one) for one in removal.deleted(call.world, kind) if one["tenant"] == call.tenant)
    return page_of(call, "directoryObjects", options, found, lambda one: options.pruned(_shown(kind, one)))


@routes.add("GET", "directory/deletedItems/{item}")
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    kind, document = _existing(call)
    options = read_single(call.query, TYPES[kind], DIRECTORY)
    return entity(call.context("directoryObjects/$entity"), _typed(kind) | options.pruned(_shown(kind, document)))


@routes.add("POST", "directory/deletedItems/{item}/restore")
def restore(call: Call) -> Answer:
    """200 and the object. An application comes back without its service principal, which has a call of its own."""
    kind, document = _to_change(call)
    if kind == "servicePrincipal":
        having = {"appId": document["appId"], "tenant": call.tenant}
        if any(call.world.store.peek("servicePrincipal", **having)):
            raise name_in_use(document["appId"])
    restored = removal.restore(call.world, kind, document)
    body = read_single({}, TYPES[kind], DIRECTORY).pruned(_shown(kind, restored))
    return entity(call.context("directoryObjects/$entity"), _typed(kind) | body)


@routes.add("DELETE", "directory/deletedItems/{item}")
def delete(call: Call) -> Answer:
    kind, document = _to_change(call)
    removal.purge(call.world, kind, document)
    return nothing()


def _existing(call: Call) -> tuple[str, Document]:
    value = call.key("item")
    if not ids.is_guid(value):
        raise bad_request(f"Invalid object identifier '{value}'.")
    for kind in TYPES:
        for one in removal.deleted(call.world, kind):
            if one["id"] == value.lower() and one["tenant"] == call.tenant:
                return kind, dict(one)
    raise not_found(value)


def _to_change(call: Call) -> tuple[str, Document]:
    """The item, if the caller may write it: under OwnedBy its own, and the principals of its own applications."""
    require_writing(call)
    kind, document = _existing(call)
    if not call.caller.has(*WRITE_ALL_APPLICATIONS):
        owned = document if kind == "application" else _application_of(call, document)
        require_writing(call, owned)
    return kind, document


def _application_of(call: Call, principal: Document) -> Document:
    there = (*call.world.store.peek("application", appId=principal["appId"]), *removal.deleted(call.world, "application"))
    return next((one for one in there if one["appId"] == principal["appId"]), principal)


def _shown(kind: str, document: Document) -> Document:
    return objects.shown(document) if kind == "application" else document


def _typed(kind: str) -> Document:
    return {"@odata.type": f"#microsoft.graph.{kind}"}
