# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of graph_permissions and graph_permissions_info: declared permissions and admin consent."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import RegistrationMissing
from .._core.module import Job, Plan, Spec
from .common import (
    MICROSOFT,
    WHICH,
    application,
    connected,
    decided,
    difference,
    missing,
    name_of,
    principal,
    without_principal,
)
from .graph_client import Graph
from .graph_permissions_needed import (
    READ_APPLICATION,
    READ_CONSENT,
    READ_SERVICE_PRINCIPAL,
    WRITE_APPLICATION,
    WRITE_CONSENT,
)
from .graph_requests import BatchRead, RequestOptions
from .graph_responses import already_granted, already_revoked
from .permissions_plan import (
    GRAPH,
    Change,
    DesiredPermissions,
    Present,
    Roles,
    after,
    before,
    check,
    declared_after,
    declared_of,
    granted_of,
    matches,
    named,
    plan,
    required_of,
    roles_of,
    unconsented,
)

SPEC = MICROSOFT + WHICH + Spec({
    "permissions": {"type": "list", "elements": "str"},
    "consent": {"type": "bool", "default": True},
    "purge": {"type": "bool", "default": False},
})
INFO = MICROSOFT + WHICH


class Found(NamedTuple):
    """The registration's ids, whether it has a service principal, and its permissions."""

    object_id: Optional[str]
    app_id: Optional[str]
    has_principal: bool
    present: Present


class GraphPermissions(Job):
    """Declare permissions and grant admin consent as a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._module = module
        permissions, warnings = named(params["permissions"])
        for warning in warnings:
            module.warn(warning)
        self._desired = DesiredPermissions(permissions, params["consent"], params["purge"])
        self._graph = connected(module)

    def plan(self) -> Plan:
        """Read the declared permissions and the consent and compare them with the desired ones. Raises MicrosoftFailed."""
        found, changes = decided(self._graph, self._read, self._changes)
        self._check_registration(found, changes)
        shown = after(found.present, changes)
        return Plan(changes, _result(found, shown), difference(name_of(self._params), before(found.present), shown))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Write the declared permissions and the consent as planned; return the result. Raises MicrosoftFailed."""
        found = self._read()
        if any(change.action in ("declare", "undeclare") for change in plan.changes):
            self._declare(found, plan.changes)
        self._consent(found, plan.changes)
        done = self._graph.wait_until_visible(
            self._read, lambda seen: matches(seen.present, self._desired), f"The permissions of the {name_of(self._params)}")
        return _result(done, before(done.present))

    def _read(self) -> Found:
        return read_permissions(self._graph, self._params)

    def _changes(self, found: Found) -> List[Change]:
        if not (self._desired.permissions or frozenset()) <= set(found.present.roles.by_name):
            check(self._desired, self._with_delegated(found.present.roles))
        return plan(found.present, self._desired)

    def _with_delegated(self, roles: Roles) -> Roles:
        """Add the names of delegated permissions, for the message when a task names one of them."""
        principal_of_graph = self._graph.read(READ_SERVICE_PRINCIPAL, principal(GRAPH, "?$select=id,oauth2PermissionScopes"))
        scopes = roles_of(principal_of_graph or {}).delegated
        return Roles(roles.by_name, scopes - set(roles.by_name))

    def _check_registration(self, found: Found, changes: Sequence[Change]) -> None:
        """Raise RegistrationMissing without a registration or, for consent, its service principal; warn in check mode."""
        if found.object_id is None:
            problem: Optional[RegistrationMissing] = missing(self._params)
        elif not found.has_principal and any(change.action == "grant" for change in changes):
            problem = without_principal("consent", str(found.app_id))
        else:
            problem = None
        if problem and not self._module.check_mode:
            raise problem
        if problem:
            self._module.warn(f"{problem} So check mode assumes that an earlier task would create it.")

    def _declare(self, found: Found, changes: Sequence[Change]) -> None:
        path = f"/applications/{found.object_id}"
        body = {"requiredResourceAccess": required_of(declared_after(found.present, changes))}
        answer = self._graph.send(WRITE_APPLICATION, "PATCH", path, body, options=RequestOptions(fresh=True))
        self._graph.expect(answer, WRITE_APPLICATION, "PATCH", path)

    def _consent(self, found: Found, changes: Sequence[Change]) -> None:
        """Grant and revoke one by one. A change that an earlier attempt has already made is accepted."""
        client = self._client(found) if any(change.action in ("grant", "revoke") for change in changes) else ""
        for change in changes:
            if change.action == "grant":
                path = f"/servicePrincipals/{found.present.graph_id}/appRoleAssignedTo"
                body = {"principalId": client, "resourceId": found.present.graph_id, "appRoleId": change.subject}
                answer = self._graph.send(WRITE_CONSENT, "POST", path, body, options=RequestOptions(fresh=True))
                if not already_granted(answer):
                    self._graph.expect(answer, WRITE_CONSENT, "POST", path)
            elif change.action == "revoke":
                path = f"/servicePrincipals/{client}/appRoleAssignments/{change.subject.id}"
                answer = self._graph.send(WRITE_CONSENT, "DELETE", path)
                if not already_revoked(answer):
                    self._graph.expect(answer, WRITE_CONSENT, "DELETE", path)

    def _client(self, found: Found) -> str:
        """Return the object id of the registration's service principal; wait until the replicas show it."""
        def read() -> Optional[Mapping[str, Any]]:
            return self._graph.read(READ_SERVICE_PRINCIPAL, principal(str(found.app_id), "?$select=id,appId"), optional=True)

        seen = read() or self._graph.wait_until_visible(read, bool, "The service principal")
        return str(seen["id"]) if seen else ""


def read_permissions(graph: Graph, params: Mapping[str, Any]) -> Found:
    """Read registration, Graph's roles and consent: in one request by app_id, in two by unique_name."""
    reads = [
        BatchRead(READ_APPLICATION, application(params, "id,appId,requiredResourceAccess"), optional=True),
        BatchRead(READ_SERVICE_PRINCIPAL, principal(GRAPH, "?$select=id,appId,appRoles")),
    ]
    if params["app_id"] and not params["unique_name"]:
        consent = BatchRead(READ_CONSENT, principal(params["app_id"], "/appRoleAssignments"), optional=True)
        document, graph_principal, page = graph.batch([*reads, consent])
        grants = None if page is None else graph.collected(consent, page)
    else:
        document, graph_principal = graph.batch(reads)
        path = principal(str(document["appId"]), "/appRoleAssignments") if document else ""
        grants = graph.read_all(READ_CONSENT, path, optional=True) if path else None
    owner = graph_principal or {}
    present = Present(
        declared_of((document or {}).get("requiredResourceAccess") or []), granted_of(grants or []), str(owner.get("id")).lower(),
        roles_of(owner))
    return Found(
        str(document["id"]) if document else None, str(document["appId"]) if document else None, grants is not None, present)


def _result(found: Found, shown: Mapping[str, List[str]]) -> Dict[str, Any]:
    return {"app_id": found.app_id, **shown, "unconsented": unconsented(shown)}


def read_state(module) -> Dict[str, Any]:
    """Return the result of graph_permissions_info."""
    found = read_permissions(connected(module), module.params)
    return {"exists": found.object_id is not None, **_result(found, before(found.present))}
