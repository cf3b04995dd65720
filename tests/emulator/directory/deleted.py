# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/directory/deletedItems: applications and service principals that were deleted, to be restored or gone for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, entity, not_found, nothing
from emulator.directory import removal
from emulator.directory.objects import TYPES, shown
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("GET", "directory/deletedItems/application")
@routes.add("GET", "directory/deletedItems/servicePrincipal")
def list_deleted(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    kind = next(kind for kind in TYPES if kind.lower() == str(call.segments[2]).lower())
    options = read(call.query, TYPES[kind], DIRECTORY, eventual=call.eventual)
    found = options.chosen(call.view.all(removal.KIND, tenant=call.tenant, of=kind))
    return page_of(call, f"{kind}s", options, found, lambda one: options.pruned(shown(one)))


def _deleted(call: Call) -> Document:
    found = call.world.store.get(removal.KIND, call.key("object").lower())
    if found is None or found["tenant"] != call.tenant:
        raise not_found(call.key("object"))
    return found


@routes.add("GET", "directory/deletedItems/{object}")
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    item = _deleted(call)
    return _shown(call, item["of"], item)


@routes.add("POST", "directory/deletedItems/{object}/restore")
def restore(call: Call) -> Answer:
    require_writing(call)
    item = _deleted(call)
    require_writing(call, item)
    return _shown(call, item["of"], removal.restore(call.world, item))


@routes.add("DELETE", "directory/deletedItems/{object}")
def purge(call: Call) -> Answer:
    require_writing(call)
    item = _deleted(call)
    require_writing(call, item)
    call.world.store.delete(removal.KIND, item["id"])
    return nothing()


def _shown(call: Call, kind: str, document: Document) -> Answer:
    body = read_single({}, TYPES[kind], DIRECTORY).pruned(shown(document))
    return entity(call.context("directoryObjects/$entity"), {"@odata.type": f"#{TYPES[kind].name}", **body})
