# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/applications/{id}/owners: list, add a user or service principal by reference, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, bad_request, not_found, nothing
from emulator.directory import objects
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read
from emulator.odata.schema import DIRECTORY_OBJECT
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

_PATH = "applications/{application}/owners"


@routes.add("GET", _PATH)
def list_owners(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    document = objects.existing(call, "application", "application")
    options = read(call.query, DIRECTORY_OBJECT, DIRECTORY)
    return page_of(call, "directoryObjects", options, options.chosen({"id": one} for one in document["owners"]), options.pruned)


@routes.add("POST", f"{_PATH}/$ref")
def add(call: Call) -> Answer:
    document = _to_change(call)
    owner = str(call.raw_json().get("@odata.id", "")).rstrip("/").rpartition("/")[2].lower()
    there = any(call.world.store.get(kind, owner) for kind in ("user", "servicePrincipal"))
    if not there:
        raise not_found(owner)
    if owner in document["owners"]:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    call.world.store.put("application", document["id"], document | {"owners": [*document["owners"], owner]})
    return nothing()


@routes.add("DELETE", f"{_PATH}/{{owner}}/$ref")
def remove(call: Call) -> Answer:
    document = _to_change(call)
    owner = call.key("owner").lower()
    if owner not in document["owners"]:
        raise not_found(owner)
    kept = [one for one in document["owners"] if one != owner]
    call.world.store.put("application", document["id"], document | {"owners": kept})
    return nothing()


def _to_change(call: Call) -> Document:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    return document
