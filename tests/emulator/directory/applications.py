# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/applications: list, get, create by uniqueName, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal, bad_request, entity, not_found, nothing
from emulator.directory import certificates, objects, removal
from emulator.directory.permissions import READ_APPLICATIONS, require, require_writing
from emulator.odata.paging import page_of
from emulator.odata.query import DIRECTORY, read, read_single
from emulator.odata.schema import APPLICATION
from emulator.odata.writing import merged, written
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

READ_ONLY = ("id", "appId", "publisherDomain", "createdDateTime", "deletedDateTime")
MOST_APIS, MOST_PERMISSIONS = 50, 400


@routes.add("GET", "applications")
def list_applications(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    options = read(call.query, APPLICATION, DIRECTORY)
    found = options.chosen(call.view.all("application", tenant=call.tenant))
    return page_of(call, "applications", options, found, lambda one: options.pruned(objects.shown(one)))


@routes.add("GET", "applications/{application}")
def get(call: Call) -> Answer:
    require(call, *READ_APPLICATIONS)
    document = objects.existing(call, "application", "application")
    options = read_single(call.query, APPLICATION, DIRECTORY)
    body = options.pruned(objects.shown(document, with_keys="keyCredentials" in options.select))
    return entity(call.context(f"applications{options.shown}/$entity"), body)


@routes.add("PATCH", "applications/{application}")
def update(call: Call) -> Answer:
    """204; with `Prefer: create-if-missing` and a uniqueName that nobody has, 201 and the application."""
    key = call.keys["application"]
    if key.property == "uniqueName":
        return _upsert(call, key.value)
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    _change(call, document, call.json())
    return nothing()


def _change(call: Call, document: Document, given: dict[str, Any]) -> None:
    changes = checked(call, given, document)
    call.world.store.put("application", document["id"], merged(document, changes, objects.empty_application()))


def _upsert(call: Call, name: str) -> Answer:
    """Create or change the application of this unique name. Reads the directory itself, not a replica, to create it once only."""
    require_writing(call)
    given = call.json()
    having = {"uniqueName": name, "tenant": call.tenant}
    found = next((dict(one) for one in call.world.store.peek("application", **having)), None)
    if found is not None:
        require_writing(call, found)
        objects.refuse_concurrent(call, found)
        _change(call, found, {key: value for key, value in given.items() if key != "uniqueName"})
        return nothing()
    if "create-if-missing" not in call.preferences:
        raise not_found(name)
    return _created(call, {**checked(call, given), "uniqueName": name})


def _created(call: Call, given: dict[str, Any]) -> Answer:
    """A new application of the caller's tenant, kept; under OwnedBy the caller owns it."""
    objects.required(given, "displayName", "Application")
    _check_unique(call, given)
    document = objects.new_application(objects.home(call.world, call.tenant), call.world.clock, given)
    if not call.caller.has("Application.ReadWrite.All"):
        document["owners"] = [call.caller.object_id]
    call.world.store.put("application", document["id"], document)
    body = read_single({}, APPLICATION, DIRECTORY).pruned(objects.shown(document))
    location = f"{call.root}/{call.tenant}/directoryObjects/{document['id']}/Microsoft.DirectoryServices.Application"
    return entity(call.context("applications/$entity"), body, 201, {"Location": location})


def _check_unique(call: Call, given: dict[str, Any], current: Document | None = None) -> None:
    """No two applications of a tenant share a uniqueName, and one that was deleted still has it."""
    name = given.get("uniqueName")
    there = (*call.world.store.peek("application"), *removal.deleted(call.world, "application"))
    others = (one for one in there if one["tenant"] == call.tenant and (current is None or one["id"] != current["id"]))
    if name and any(one["uniqueName"] == name for one in others):
        message = "Another object with the same value for property uniqueName already exists."
        raise Refusal(
            400, "Request_BadRequest", message, details=[{"code": "ObjectConflict", "message": message, "target": "uniqueName"}]
        )


@routes.add("DELETE", "applications/{application}")
def delete(call: Call) -> Answer:
    """Softly: its uniqueName stays taken. Its service principal in this tenant goes with it."""
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    removal.remove_application(call.world, document)
    return nothing()


def checked(call: Call, given: dict[str, Any], current: Document | None = None) -> dict[str, Any]:
    """Return the properties to write. Raises Refusal, with Graph's text, for properties that cannot be written."""
    given = written(APPLICATION, given)
    if current is not None and "displayName" in given:
        objects.required(given, "displayName", "Application")
    objects.check_read_only(given, current, *READ_ONLY)
    if current is not None:
        name = current["uniqueName"]
        if name and given.get("uniqueName", name) != name:
            raise bad_request("Property 'uniqueName' is immutable and cannot be changed.")
        _check_unique(call, given, current)
    if given.get("signInAudience") is not None and given["signInAudience"] not in objects.AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience' of resource 'Application'.")
    if "passwordCredentials" in given:
        raise bad_request(
            "New password credentials must be generated using service actions.", "CannotUpdatePasswordCredentials"
        )
    _check_access(given.get("requiredResourceAccess", []))
    if "keyCredentials" in given:
        given["keyCredentials"] = certificates.kept(given["keyCredentials"], current)
    return given


def _check_access(access: list[dict[str, Any]]) -> None:
    for one in access:
        if any(permission["type"] not in ("Role", "Scope") for permission in one.get("resourceAccess", ())):
            raise bad_request(
                "Invalid value specified for property 'requiredResourceAccess.resourceAccess' of resource 'Application'."
            )
    if len(access) > MOST_APIS or sum(len(one.get("resourceAccess", ())) for one in access) > MOST_PERMISSIONS:
        raise bad_request(
            "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
            "Directory_QuotaExceeded",
        )
