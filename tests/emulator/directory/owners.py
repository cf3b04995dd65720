# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""owners of applications and service principals, and /directoryObjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, bad_request, entity, not_found, nothing
from emulator.directory import any_object, objects
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, Options, read, read_single
from emulator.routing import routes

if TYPE_CHECKING:
    from emulator.call import Call


def _of(call: Call) -> str:
    return "application" if str(call.segments[0]).lower() == "applications" else "servicePrincipal"


@routes.add("GET", "directoryObjects/{object}")
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    found = any_object.named(call, call.key("object"))
    if found is None:
        raise not_found(call.key("object"))
    options = read_single(call.query, any_object.ANY_OBJECT, DIRECTORY)
    return entity(call.context("directoryObjects/$entity"), any_object.pruned(options, found))


@routes.add("GET", "applications/{object}/owners")
@routes.add("GET", "servicePrincipals/{object}/owners")
def list_owners(call: Call) -> Answer:
    options, found = _chosen(call)
    return page_of(call, "directoryObjects", options, found, lambda one: any_object.pruned(options, one))


@routes.add("GET", "applications/{object}/owners/$ref")
@routes.add("GET", "servicePrincipals/{object}/owners/$ref")
def list_references(call: Call) -> Answer:
    options, found = _chosen(call)
    return page_of(call, "Collection($ref)", options, found, lambda one: {"@odata.id": any_object.reference(call, one)})


def _chosen(call: Call) -> tuple[Options, list[Any]]:
    """The owners that are asked for, and how."""
    require(call, *READ_APPLICATIONS)
    document = objects.existing(call, _of(call), "object")
    options = read(call.query, any_object.ANY_OBJECT, DIRECTORY, eventual=call.eventual)
    return options, options.chosen(any_object.owners(call, document))


@routes.add("POST", "applications/{object}/owners/$ref")
@routes.add("POST", "servicePrincipals/{object}/owners/$ref")
def add_owner(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, _of(call), "object")
    require_writing(call, document)
    key = str(call.raw_json().get("@odata.id", "")).rstrip("/").rpartition("/")[2]
    owner = any_object.named(call, key)
    if owner is None:
        raise not_found(key)
    if owner["id"] in document["owners"]:
        raise bad_request("One or more added object references already exist for the following modified properties: 'owners'.")
    call.world.store.put(_of(call), document["id"], document | {"owners": [*document["owners"], owner["id"]]})
    return nothing()


@routes.add("DELETE", "applications/{object}/owners/{owner}/$ref")
@routes.add("DELETE", "servicePrincipals/{object}/owners/{owner}/$ref")
def remove_owner(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, _of(call), "object")
    require_writing(call, document)
    owner = call.key("owner").lower()
    if owner not in document["owners"]:
        raise not_found(call.key("owner"))
    kept = [key for key in document["owners"] if key != owner]
    call.world.store.put(_of(call), document["id"], document | {"owners": kept})
    return nothing()
