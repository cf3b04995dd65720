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
    Present,
    Registration,
    Wanted,
    after,
    as_wanted,
    check_creation,
    check_identity,
    described,
    meant,
    plan,
    registration_of,
)
from .common import MICROSOFT, connected, decided, difference, name_of, principal
from .credential_plan import credential_of, shown
from .graph_client import Graph, More
from .graph_permissions_needed import READ_APPLICATION, READ_SERVICE_PRINCIPAL, WRITE_APPLICATION, WRITE_SERVICE_PRINCIPAL
from .graph_responses import Answer, key, quoted, values
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
    """Bring an app registration and its service principal to what a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._wanted = Wanted(
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
        done = self._graph.settle(self._read, lambda found: as_wanted(found, self._wanted), name_of(self._params))
        return self._result(done)

    def _read(self) -> Present:
        return read_present(self._graph, self._wanted, SELECT)[0]

    def _changes(self, present: Present) -> List[Change]:
        if present.registration is None and not self._wanted.absent:
            check_creation(self._wanted, self._namesakes())
        return plan(present, self._wanted)

    def _namesakes(self) -> List[Registration]:
        name = self._wanted.display_name or self._wanted.unique_name
        return called(self._graph, name, SELECT) if self._wanted.unique_name and name else []

    def _write(self, change: Change, registration: Optional[Registration]) -> None:
        """Create by the unique name, which makes none twice however often it is sent; update or delete by the id."""
        if change.action == "create":
            path = f"/applications{key('uniqueName', str(self._wanted.unique_name))}"
            body = {name: value for name, value in change.properties.items() if name != "uniqueName"}
            self._send("PATCH", path, body, More(prefer="create-if-missing"))
        elif registration is not None and change.action == "update":
            self._send("PATCH", f"/applications/{registration.object_id}", change.properties, More(fresh=True))
        elif registration is not None:
            self._send("DELETE", f"/applications/{registration.object_id}", None, More())

    def _send(self, method: str, path: str, body: Optional[Mapping[str, Any]], more: More) -> None:
        answer = self._graph.send(WRITE_APPLICATION, method, path, body, more=more)
        if not (method == "DELETE" and answer.status == 404):
            self._graph.expect(answer, WRITE_APPLICATION, method, path)

    def _create_principal(self) -> None:
        """That there is one already is as good: an earlier try may have made it, or replication hid it."""
        found = self._graph.settle(
            self._read, lambda present: present.registration is not None, name_of(self._params)).registration
        answer: Answer = self._graph.send(
            WRITE_SERVICE_PRINCIPAL, "POST", "/servicePrincipals", {"appId": found.app_id if found else ""},
            more=More(fresh=True))
        if answer.status != 409:
            self._graph.expect(answer, WRITE_SERVICE_PRINCIPAL, "POST", "/servicePrincipals")

    def _result(self, present: Present) -> Dict[str, Any]:
        return facts(self._graph, self._params, present)


def facts(graph: Graph, params: Mapping[str, Any], present: Present) -> Dict[str, Any]:
    """What both modules return of a registration; null where there is none."""
    found = present.registration
    return {
        "app_id": found and found.app_id, "object_id": found and found.object_id,
        "service_principal_id": present.service_principal_id,
        "tenant_id": claims(graph.token).get("tid") or params["login"]["tenant_id"],
        "display_name": found and found.display_name, "unique_name": found and found.unique_name,
        "sign_in_audience": found and found.sign_in_audience,
    }


def read_present(graph: Graph, wanted: Wanted, select: str) -> Tuple[Present, Mapping[str, Any]]:
    """The registration that a task means, with its service principal; and Graph's JSON of it."""
    document = _find(graph, wanted, select)
    if document is None:
        return Present(), {}
    registration = registration_of(document)
    check_identity(registration, wanted)
    found = graph.read(READ_SERVICE_PRINCIPAL, principal(registration.app_id, "?$select=id,appId"), optional=True)
    return Present(registration, str(found["id"]) if found else None), document


def _find(graph: Graph, wanted: Wanted, select: str) -> Optional[Mapping[str, Any]]:
    """By unique name, then by application id; by display name only where there is neither."""
    for name, value in (("uniqueName", wanted.unique_name), ("appId", wanted.app_id)):
        found = value and graph.read(READ_APPLICATION, f"/applications{key(name, value)}?$select={select}", optional=True)
        if found:
            return found
    if wanted.unique_name or wanted.app_id or not wanted.display_name:
        return None
    documents = _called(graph, wanted.display_name, select)
    one = meant([registration_of(document) for document in documents], wanted.display_name)
    return next((document for document in documents if one and document["id"] == one.object_id), None)


def called(graph: Graph, display_name: str, select: str) -> List[Registration]:
    """All registrations of this display name."""
    return [registration_of(one) for one in _called(graph, display_name, select)]


def _called(graph: Graph, display_name: str, select: str) -> List[Mapping[str, Any]]:
    path = f"/applications?$filter=displayName%20eq%20'{quoted(display_name)}'&$select={select}"
    return graph.read_all(READ_APPLICATION, path) or []


def read_app(module) -> Dict[str, Any]:
    """What entra_app_info returns: the registration and its credentials, without their values."""
    params = module.params
    graph = connected(module)
    wanted = Wanted(params["unique_name"], params["app_id"], params["display_name"])
    present, document = read_present(graph, wanted, f"{SELECT},passwordCredentials,keyCredentials")
    return {
        "exists": present.registration is not None, **facts(graph, params, present),
        "secrets": _credentials(document, "passwordCredentials"),
        "certificates": _credentials(document, "keyCredentials"),
    }


def _credentials(document: Mapping[str, Any], name: str) -> List[Dict[str, Any]]:
    found = sorted(map(credential_of, values({"value": document.get(name)})), key=lambda one: (one.ends, one.key_id))
    return [shown(one) for one in found]
