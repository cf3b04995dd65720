# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of entra_app and entra_app_info: an app registration and its service principal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._core.module import Job, Plan, Spec
from .app_deletion import find_deleted, find_deleted_principal, purge, restore
from .app_plan import (
    AUDIENCES,
    PLATFORMS,
    Change,
    DesiredApp,
    Present,
    Registration,
    after,
    check_creation,
    check_deleted,
    check_identity,
    described,
    matches,
    meant,
    plan,
    registration_of,
    shown_deleted,
)
from .app_related import desired_related, read_related, write_related
from .app_related_plan import FEDERATED, OWNER, DesiredRelated, Related, Step, described_related
from .common import MICROSOFT, connected, decided, difference, name_of, principal
from .credential_plan import credential_of, shown
from .graph_client import Graph
from .graph_permissions_needed import READ_APPLICATION, READ_SERVICE_PRINCIPAL, WRITE_APPLICATION, WRITE_SERVICE_PRINCIPAL
from .graph_requests import RequestOptions
from .graph_responses import Answer, already_exists, key, quoted, values
from .login import read_login
from .token_errors import claims

NAMES = Spec(
    {"unique_name": {"type": "str"}, "app_id": {"type": "str"}, "display_name": {"type": "str"}},
    required_one_of=(("unique_name", "app_id", "display_name"),),
)
SPEC = MICROSOFT + NAMES + Spec({
    "sign_in_audience": {"type": "str", "choices": list(AUDIENCES)},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "deleted": {"type": "str", "choices": ["restore", "purge", "refuse"], "default": "restore"},
    "notes": {"type": "str"},
    "service_management_reference": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "owners": {"type": "list", "elements": "str"},
    "purge_owners": {"type": "bool", "default": False},
    "federated_credentials": {"type": "list", "elements": "dict", "options": {
        "name": {"type": "str", "required": True},
        "issuer": {"type": "str", "required": True},
        "subject": {"type": "str", "required": True},
        "audiences": {"type": "list", "elements": "str", "default": ["api://AzureADTokenExchange"]},
        "description": {"type": "str"},
    }},
    "redirect_uris": {"type": "str", "choices": ["remove", "keep"], "default": "remove"},
})
INFO = MICROSOFT + NAMES

SELECT = "id,appId,displayName,uniqueName,signInAudience,notes,serviceManagementReference,tags,web,spa,publicClient"


class EntraApp(Job):
    """Create, change or delete an app registration and its service principal as a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._module = module
        self._graph = connected(module)
        absent = params["state"] == "absent"
        self._desired = DesiredApp(
            params["unique_name"], params["app_id"], params["display_name"], params["sign_in_audience"], absent,
            params["deleted"], params["notes"], params["service_management_reference"],
            tuple(sorted(set(params["tags"]))) if params["tags"] is not None else None, params["redirect_uris"] == "keep",
            DesiredRelated() if absent else desired_related(self._graph, params))

    def plan(self) -> Plan:
        """Read the app registration and service principal and compare them with the desired ones. Raises MicrosoftFailed."""
        present, changes = decided(self._graph, self._read, self._changes)
        diff = difference(name_of(self._params), described(present), after(present, changes, self._desired.related))
        self._warn_of_redirect_uris(present, changes)
        return Plan(changes, self._result(present), diff)

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Create, change or delete registration and service principal as planned; return the result. Raises MicrosoftFailed."""
        present = self._read()
        for change in plan.changes:
            if change.action in ("restore", "purge"):
                self._settle_deleted(change, present)
            elif change.what in (OWNER, FEDERATED):
                graph_url = read_login(self._params["login"]).endpoints.graph_url
                write_related(self._graph, self._object_id(), Step(*change), graph_url)
            elif change.what == "application":
                self._write(change, present.registration or (present.deleted.registration if present.deleted else None))
            else:
                self._create_principal()
        done = self._graph.wait_until_visible(self._read, lambda found: matches(found, self._desired), name_of(self._params))
        return self._result(done)

    def _read(self) -> Present:
        present = read_present(self._graph, self._desired, SELECT)[0]
        if self._desired.absent:
            return present
        wanted, found = self._desired.related, present.registration
        if found and (wanted.owners is not None or wanted.federated is not None):
            related = read_related(self._graph, found.object_id, wanted.owners is not None, wanted.federated is not None)
            present = replace(present, related=related)
        return with_deleted(self._graph, self._desired, present)

    def _changes(self, present: Present) -> List[Change]:
        if present.deleted:
            check_deleted(present.deleted, self._desired)
        elif present.registration is None and not self._desired.absent:
            check_creation(self._desired, self._namesakes())
        return plan(present, self._desired)

    def _namesakes(self) -> List[Registration]:
        name = self._desired.display_name or self._desired.unique_name
        return called(self._graph, name, SELECT) if self._desired.unique_name and name else []

    def _write(self, change: Change, registration: Optional[Registration]) -> None:
        """Create by unique name, so that a retry creates no second registration; update or delete by object id."""
        if change.action == "create":
            path = f"/applications{key('uniqueName', str(self._desired.unique_name))}"
            body = {name: value for name, value in change.properties.items() if name != "uniqueName"}
            self._send("PATCH", path, body, RequestOptions(prefer="create-if-missing"))
        elif registration is not None and change.action == "update":
            self._send("PATCH", f"/applications/{registration.object_id}", change.properties, RequestOptions(fresh=True))
        elif registration is not None:
            self._send("DELETE", f"/applications/{registration.object_id}", None, RequestOptions())

    def _settle_deleted(self, change: Change, present: Present) -> None:
        """Restore or purge a deleted registration or its service principal; purge both, since they belong together."""
        deleted, principal_id = present.deleted, present.deleted_principal_id
        if change.what == "application" and deleted:
            act = restore if change.action == "restore" else purge
            act(self._graph, WRITE_APPLICATION, deleted.registration.object_id)
            if change.action == "purge" and principal_id:
                purge(self._graph, WRITE_SERVICE_PRINCIPAL, principal_id)
        elif change.what == "service_principal" and principal_id:
            found = self._graph.wait_until_visible(self._read, lambda now: now.registration is not None, self._name)
            if found.service_principal_id is None:  # Entra's portal restores both at once
                restore(self._graph, WRITE_SERVICE_PRINCIPAL, principal_id)

    def _object_id(self) -> str:
        """Return the id of the registration, which may have been created a moment ago."""
        found = self._graph.wait_until_visible(self._read, lambda now: now.registration is not None, self._name).registration
        return found.object_id if found else ""

    def _warn_of_redirect_uris(self, present: Present, changes: List[Change]) -> None:
        found = present.registration or (present.deleted.registration if present.deleted else None)
        gone = {name for change in changes if change.action == "update" for name in change.properties if name in PLATFORMS}
        named = [uri for platform, uri in (found.redirect_uris if found else ()) if platform in gone]
        if named:
            self._module.warn(
                f"{self._name} has redirect URIs, to which Entra would send logins of people; they are removed: "
                f"{', '.join(named)}. To keep them, write redirect_uris: keep.")

    @property
    def _name(self) -> str:
        return name_of(self._params)

    def _send(self, method: str, path: str, body: Optional[Mapping[str, Any]], options: RequestOptions) -> None:
        answer = self._graph.send(WRITE_APPLICATION, method, path, body, options=options)
        if not (method == "DELETE" and answer.status == 404):
            self._graph.expect(answer, WRITE_APPLICATION, method, path)

    def _create_principal(self) -> None:
        """Create the service principal; accept an existing one, which an earlier attempt may have created."""
        found = self._graph.wait_until_visible(
            self._read, lambda present: present.registration is not None, self._name).registration
        answer: Answer = self._graph.send(
            WRITE_SERVICE_PRINCIPAL, "POST", "/servicePrincipals", {"appId": found.app_id if found else ""},
            options=RequestOptions(fresh=True))
        if not already_exists(answer):
            self._graph.expect(answer, WRITE_SERVICE_PRINCIPAL, "POST", "/servicePrincipals")

    def _result(self, present: Present) -> Dict[str, Any]:
        return facts(self._graph, self._params, present)


def facts(graph: Graph, params: Mapping[str, Any], present: Present) -> Dict[str, Any]:
    """Return the facts of a registration in the result of both modules; their values are null without one."""
    found = present.registration
    return {
        "app_id": found and found.app_id, "object_id": found and found.object_id,
        "service_principal_id": present.service_principal_id,
        "tenant_id": claims(graph.token).get("tid") or params["login"]["tenant_id"],
        "display_name": found and found.display_name, "unique_name": found and found.unique_name,
        "sign_in_audience": found and found.sign_in_audience, "notes": found and found.notes,
        "service_management_reference": found and found.service_management_reference, "tags": list(found.tags) if found else [],
        "redirect_uris": [uri for _platform, uri in found.redirect_uris] if found else [],
    }


def read_present(graph: Graph, desired: DesiredApp, select: str) -> Tuple[Present, Mapping[str, Any]]:
    """Read the registration named by a task with its service principal; return Graph's JSON of the registration as well."""
    document = _find(graph, desired, select)
    if document is None:
        return Present(), {}
    registration = registration_of(document)
    check_identity(registration, desired)
    found = graph.read(READ_SERVICE_PRINCIPAL, principal(registration.app_id, "?$select=id,appId"), optional=True)
    return Present(registration, str(found["id"]) if found else None), document


def with_deleted(graph: Graph, desired: DesiredApp, present: Present) -> Present:
    """Add the deleted registration that the task names, and the deleted service principal, where they are missing."""
    registration, deleted = present.registration, None
    if registration is None and (desired.unique_name or desired.app_id):
        deleted = find_deleted(graph, desired, SELECT)
        registration = deleted.registration if deleted else None
    if registration is None or present.service_principal_id:
        return present
    return replace(present, deleted=deleted, deleted_principal_id=find_deleted_principal(graph, registration.app_id))


def _find(graph: Graph, desired: DesiredApp, select: str) -> Optional[Mapping[str, Any]]:
    """Find a registration by unique name, then by application id; by display name only when the task gives neither."""
    for name, value in (("uniqueName", desired.unique_name), ("appId", desired.app_id)):
        found = value and graph.read(READ_APPLICATION, f"/applications{key(name, value)}?$select={select}", optional=True)
        if found:
            return found
    if desired.unique_name or desired.app_id or not desired.display_name:
        return None
    documents = _called(graph, desired.display_name, select)
    one = meant([registration_of(document) for document in documents], desired.display_name)
    return next((document for document in documents if one and document["id"] == one.object_id), None)


def called(graph: Graph, display_name: str, select: str) -> List[Registration]:
    """Return all registrations with this display name."""
    return [registration_of(one) for one in _called(graph, display_name, select)]


def _called(graph: Graph, display_name: str, select: str) -> List[Mapping[str, Any]]:
    path = f"/applications?$filter=displayName%20eq%20'{quoted(display_name)}'&$select={select}"
    return graph.read_all(READ_APPLICATION, path) or []


def read_app(module) -> Dict[str, Any]:
    """Return the result of entra_app_info: the registration and its credentials, without secret values."""
    params = module.params
    graph = connected(module)
    desired = DesiredApp(params["unique_name"], params["app_id"], params["display_name"])
    present, document = read_present(graph, desired, f"{SELECT},passwordCredentials,keyCredentials")
    deleted = None if present.registration else with_deleted(graph, desired, present).deleted
    return {
        "exists": present.registration is not None, **facts(graph, params, present),
        "deleted": deleted and shown_deleted(deleted), **_related(graph, present),
        "secrets": _credentials(document, "passwordCredentials"),
        "certificates": _credentials(document, "keyCredentials"),
    }


def _related(graph: Graph, present: Present) -> Dict[str, Any]:
    found = present.registration
    related = read_related(graph, found.object_id, owners=True, federated=True) if found else Related(frozenset(), ())
    return described_related(related)


def _credentials(document: Mapping[str, Any], name: str) -> List[Dict[str, Any]]:
    found = sorted(map(credential_of, values({"value": document.get(name)})), key=lambda one: (one.ends, one.key_id))
    return [shown(one) for one in found]
