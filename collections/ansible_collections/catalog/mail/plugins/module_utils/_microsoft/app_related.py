# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read and write the owners and the federated credentials of an app registration."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, Optional, Sequence

from .._core.errors import InputRefused
from .app_related_plan import OWNER, DesiredRelated, Related, Step, desired_federated, federated_of
from .graph_client import Graph
from .graph_permissions_needed import READ_APPLICATION, READ_USER, WRITE_APPLICATION
from .graph_requests import RequestOptions
from .graph_responses import already_exists, error_of, quoted
from .mailbox_scope_plan import is_id
from .token_errors import claims


def desired_related(graph: Graph, params: Mapping[str, Any]) -> DesiredRelated:
    """Read the options of a task; owners that are users are looked up by their names. Raises InputRefused."""
    return DesiredRelated(
        _owner_ids(graph, params["owners"]), params["purge_owners"], str(claims(graph.token).get("oid") or ""),
        desired_federated(params["federated_credentials"]))


def _owner_ids(graph: Graph, given: Optional[Sequence[str]]) -> Optional[FrozenSet[str]]:
    if given is None:
        return None
    found = set()
    for name in given:
        user = {"id": name} if is_id(name) else graph.read(READ_USER, f"/users/{quoted(name)}?$select=id", optional=True)
        if user is None:
            raise InputRefused(
                "owners", f"there is no user {name} in this tenant",
                "Write the user principal name of a user, or the object id of a user or service principal")
        found.add(str(user["id"]).lower())
    return frozenset(found)


def read_related(graph: Graph, object_id: str, owners: bool, federated: bool) -> Related:
    """Read the owners and federated credentials of a registration, if they are asked for."""
    path = f"/applications/{object_id}"
    # A replica that does not know a new registration yet answers 404.
    listed = graph.read_all(READ_APPLICATION, f"{path}/owners?$select=id", optional=True) if owners else None
    trusted = graph.read_all(READ_APPLICATION, f"{path}/federatedIdentityCredentials", optional=True) if federated else None
    return Related(
        frozenset(str(one["id"]).lower() for one in listed or ()) if owners else None,
        tuple(map(federated_of, trusted or ())) if federated else None)


def write_related(graph: Graph, object_id: str, step: Step, graph_url: str) -> None:
    """Make one step. What an earlier attempt with a lost answer has made, or removed, is accepted."""
    if step.what == OWNER:
        _write_owner(graph, object_id, step, graph_url)
        return
    path = f"/applications/{object_id}/federatedIdentityCredentials"
    body: Optional[Dict[str, Any]] = {name: value for name, value in step.properties.items() if name != "id"}
    if step.action != "create":
        path = f"{path}/{step.properties['id']}"
    _send(graph, step.action, {"create": "POST", "update": "PATCH", "delete": "DELETE"}[step.action], path,
          None if step.action == "delete" else body)


def _write_owner(graph: Graph, object_id: str, step: Step, graph_url: str) -> None:
    owner = step.properties["id"]
    if step.action == "create":
        body = {"@odata.id": f"{graph_url}/v1.0/directoryObjects/{owner}"}
        _send(graph, step.action, "POST", f"/applications/{object_id}/owners/$ref", body)
    else:
        _send(graph, step.action, "DELETE", f"/applications/{object_id}/owners/{owner}/$ref", None)


def _send(graph: Graph, action: str, method: str, path: str, body: Optional[Mapping[str, Any]]) -> None:
    answer = graph.send(WRITE_APPLICATION, method, path, body, options=RequestOptions(fresh=action == "create"))
    exists = already_exists(answer) or (answer.status == 400 and "already exist" in error_of(answer).message)
    if not (action == "create" and exists) and not (action == "delete" and answer.status == 404):
        graph.expect(answer, WRITE_APPLICATION, method, path)
