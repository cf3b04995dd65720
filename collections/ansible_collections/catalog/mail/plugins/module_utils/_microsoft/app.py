# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of entra_app and entra_app_info: an app registration and its service principal."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._core.module import Job, Plan, Spec
from .app_plan import (
    AUDIENCES,
    Change,
    DesiredApp,
    Present,
    Registration,
    after,
    check_creation,
    check_identity,
    described,
    matches,
    meant,
    plan,
    registration_of,
)
from .common import MICROSOFT, connected, decided, difference, name_of, principal
from .credential_plan import credential_of, shown
from .graph_client import Graph
from .graph_permissions_needed import READ_APPLICATION, READ_SERVICE_PRINCIPAL, WRITE_APPLICATION, WRITE_SERVICE_PRINCIPAL
from .graph_requests import RequestOptions
from .graph_responses import Answer, already_exists, key, quoted, values
from .token_errors import claims

NAMES = Spec(
    {"unique_name": {"type": "str"}, "app_id": {"type": "str"}, "display_name": {"type": "str"}},
    required_one_of=(("unique_name", "app_id", "display_name"),),
)
SPEC = MICROSOFT + NAMES + Spec({
    "sign_in_audience": {"type": "str", "choices": list(AUDIENCES)},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
})
INFO = MICROSOFT + NAMES

SELECT = "id,appId,displayName,uniqueName,signInAudience"


class EntraApp(Job):
    """Create, change or delete an app registration and its service principal as a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._desired = DesiredApp(
            params["unique_name"], params["app_id"], params["display_name"], params["sign_in_audience"],
            params["state"] == "absent")
        self._graph = connected(module)

    def plan(self) -> Plan:
        """Read the app registration and service principal and compare them with the desired ones. Raises MicrosoftFailed."""
        present, changes = decided(self._graph, self._read, self._changes)
        diff = difference(name_of(self._params), described(present), after(present, changes))
        return Plan(changes, self._result(present), diff)

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Create, change or delete registration and service principal as planned; return the result. Raises MicrosoftFailed."""
        present = self._read()
        for change in plan.changes:
            if change.what == "application":
                self._write(change, present.registration)
            else:
                self._create_principal()
        done = self._graph.wait_until_visible(self._read, lambda found: matches(found, self._desired), name_of(self._params))
        return self._result(done)

    def _read(self) -> Present:
        return read_present(self._graph, self._desired, SELECT)[0]

    def _changes(self, present: Present) -> List[Change]:
        if present.registration is None and not self._desired.absent:
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

    def _send(self, method: str, path: str, body: Optional[Mapping[str, Any]], options: RequestOptions) -> None:
        answer = self._graph.send(WRITE_APPLICATION, method, path, body, options=options)
        if not (method == "DELETE" and answer.status == 404):
            self._graph.expect(answer, WRITE_APPLICATION, method, path)

    def _create_principal(self) -> None:
        """Create the service principal; accept an existing one, which an earlier attempt may have created."""
        found = self._graph.wait_until_visible(
            self._read, lambda present: present.registration is not None, name_of(self._params)).registration
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
        "sign_in_audience": found and found.sign_in_audience,
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
    return {
        "exists": present.registration is not None, **facts(graph, params, present),
        "secrets": _credentials(document, "passwordCredentials"),
        "certificates": _credentials(document, "keyCredentials"),
    }


def _credentials(document: Mapping[str, Any], name: str) -> List[Dict[str, Any]]:
    found = sorted(map(credential_of, values({"value": document.get(name)})), key=lambda one: (one.ends, one.key_id))
    return [shown(one) for one in found]
