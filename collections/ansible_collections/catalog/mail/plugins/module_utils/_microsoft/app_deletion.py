# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find, restore and purge deleted app registrations. An edge.

Entra keeps a deleted registration for 30 days, and its unique name with it. Its service principal is a deleted item of its own,
which Graph does not restore with the registration (Graph: "Restore deleted item").
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from .._core.errors import MicrosoftFailed
from .app_plan import Deleted, DesiredApp, registration_of
from .graph_client import Graph
from .graph_permissions_needed import READ_APPLICATION, READ_SERVICE_PRINCIPAL, Right
from .graph_requests import RequestOptions

_ITEMS = "/directory/deletedItems"


def find_deleted(graph: Graph, desired: DesiredApp, select: str) -> Optional[Deleted]:
    """Return the deleted registration that the task names by unique name or application id."""
    for one in _listed(graph, READ_APPLICATION, f"microsoft.graph.application?$select={select},deletedDateTime"):
        registration = registration_of(one)
        if _named(registration.unique_name, desired.unique_name) or _named(registration.app_id, desired.app_id):
            return Deleted(registration, str(one.get("deletedDateTime") or ""))
    return None


def find_deleted_principal(graph: Graph, app_id: str) -> Optional[str]:
    """Return the object id of the deleted service principal of a registration."""
    listed = _listed(graph, READ_SERVICE_PRINCIPAL, "microsoft.graph.servicePrincipal?$select=id,appId")
    return next((str(one["id"]) for one in listed if _named(str(one.get("appId")), app_id)), None)


def restore(graph: Graph, right: Right, object_id: str) -> None:
    """Restore a deleted object. An earlier attempt may have restored it, so that it is no deleted item any more."""
    _settle(graph, right, "POST", f"{_ITEMS}/{object_id}/restore", {})


def purge(graph: Graph, right: Right, object_id: str) -> None:
    """Remove a deleted object for good."""
    _settle(graph, right, "DELETE", f"{_ITEMS}/{object_id}", None)


def _settle(graph: Graph, right: Right, method: str, path: str, body: Optional[Dict[str, Any]]) -> None:
    answer = graph.send(right, method, path, body, options=RequestOptions())
    if answer.status != 404:
        graph.expect(answer, right, method, path)


def _listed(graph: Graph, right: Right, rest: str) -> List[Mapping[str, Any]]:
    """Return a list of deleted items; an empty one when the login may not read it, so that creating does not need that right."""
    try:
        return graph.read_all(right, f"{_ITEMS}/{rest}") or []
    except MicrosoftFailed as failed:
        if failed.details.get("status") != 403:
            raise
        return []


def _named(found: Optional[str], wanted: Optional[str]) -> bool:
    return bool(found and wanted) and str(found).lower() == str(wanted).lower()
