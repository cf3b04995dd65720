"""/directory/deletedItems: applications that were deleted, to be restored or gone for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, entity, not_found, nothing
from emulator.directory.applications import shown
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.odata.schema import APPLICATION
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("GET", "directory/deletedItems/application")
def list_deleted(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    options = read(call.query, APPLICATION, DIRECTORY, eventual=call.eventual)
    found = options.chosen(one for one in call.view.all("application", tenant=call.tenant) if one["deletedDateTime"])
    return page_of(call, "applications", options, found, lambda one: options.pruned(shown(call, one)))


def _deleted(call: Call) -> Document:
    found = call.world.store.get("application", call.key("object").lower())
    if found is None or not found["deletedDateTime"] or found["tenant"] != call.tenant:
        raise not_found(call.key("object"))
    return found


@routes.add("GET", "directory/deletedItems/{object}")
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    return _shown(call, _deleted(call))


@routes.add("POST", "directory/deletedItems/{object}/restore")
def restore(call: Call) -> Answer:
    require_writing(call)
    document = _deleted(call)
    require_writing(call, document)
    document["deletedDateTime"] = None
    call.world.store.put("application", document["id"], document)
    return _shown(call, document)


@routes.add("DELETE", "directory/deletedItems/{object}")
def purge(call: Call) -> Answer:
    require_writing(call)
    document = _deleted(call)
    require_writing(call, document)
    call.world.store.delete("application", document["id"])
    return nothing()


def _shown(call: Call, document: Document) -> Answer:
    body = read_single({}, APPLICATION, DIRECTORY).pruned(shown(call, document))
    return entity(
        call.context("directoryObjects/$entity"), {"@odata.type": "#microsoft.graph.application", **body}
    )
