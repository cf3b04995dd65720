# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC for Applications: mailboxes without a role in the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import Running
from emulator_tests.test_applications import NOBODY
from helpers.graph_requests import AsApplication, error, mail, send
from requests import Response

Graph = Callable[..., Response]
BASE = "/beta/roleManagement/exchange"


@pytest.fixture
def roles(graph: Graph) -> dict[str, str]:
    """Return the ids of Exchange's application roles by name."""
    found = graph("GET", f"{BASE}/roleDefinitions").json()["value"]
    return {one["displayName"]: one["id"] for one in found}


def user_id(ask: Graph, address: str) -> str:
    found: str = ask("GET", f"/v1.0/users/{address}").json()["id"]
    return found


def assignment(ask: AsApplication, role: str, **scope: str) -> dict[str, str]:
    application = ask.application
    return {"principalId": f"/ServicePrincipals/{application['service_principal_id']}", "roleDefinitionId": role, **scope}


def test_a_role_is_found_by_its_name(graph: Graph, roles: dict[str, str]):
    answer = graph("GET", f"{BASE}/roleDefinitions", params={"$filter": "displayName eq 'Application Mail.Send'"}).json()
    assert [one["id"] for one in answer["value"]] == [roles["Application Mail.Send"]]
    assert answer["@odata.context"].endswith("/beta/$metadata#roleManagement/exchange/roleDefinitions")


def test_one_mailbox_is_opened_and_closed(
    graph: Graph, graph_with: Callable[..., AsApplication], roles: dict[str, str], mailbox: str
):
    ask = graph_with()
    letter = mail(mailbox, sender=mailbox)
    assert error(send(ask, mailbox, letter))[:2] == (403, "ErrorAccessDenied")
    body = assignment(ask, roles["Application Mail.Send"], directoryScopeId=f"/users/{user_id(graph, mailbox)}")
    answer = graph("POST", f"{BASE}/roleAssignments", body)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in body} == body
    assert made["appScopeId"] is None
    assert send(ask, mailbox, letter).status_code == 202, "looked up at the call: the token is the same"
    assert send(ask, "anna@contoso.test", letter).status_code == 403
    assert ask("GET", f"/v1.0/users/{mailbox}/messages").status_code == 403, "the permission to send does not allow reading"
    filter_ = f"roleDefinitionId eq '{made['roleDefinitionId']}'"
    found = graph("GET", f"{BASE}/roleAssignments", params={"$filter": filter_}).json()["value"]
    assert made["id"] in [one["id"] for one in found]
    assert error(graph("POST", f"{BASE}/roleAssignments", body))[0] == 409
    assert graph("DELETE", f"{BASE}/roleAssignments/{made['id']}").status_code == 204
    assert send(ask, mailbox, letter).status_code == 403


def test_a_scope_does_not_narrow_a_role_of_the_token(
    graph: Graph, graph_with: Callable[..., AsApplication], roles: dict[str, str], mailbox: str
):
    ask = graph_with("Mail.Send")
    body = assignment(ask, roles["Application Mail.Send"], directoryScopeId=f"/users/{user_id(graph, mailbox)}")
    assert graph("POST", f"{BASE}/roleAssignments", body).status_code == 201
    assert send(ask, "anna@contoso.test", mail(mailbox, sender="anna@contoso.test")).status_code == 202


@pytest.mark.parametrize("change, status", [
    ({"principalId": "x"}, 400), ({"principalId": f"/ServicePrincipals/{NOBODY}"}, 404), ({"roleDefinitionId": NOBODY}, 404),
    ({"directoryScopeId": None}, 400), ({"directoryScopeId": "users"}, 400), ({"directoryScopeId": "/"}, 400),
    ({"directoryScopeId": f"/users/{NOBODY}"}, 404), ({"appScopeId": NOBODY}, 400),
], ids=str)  # fmt: skip
def test_an_assignment_is_refused(
    graph: Graph, graph_with: Callable[..., AsApplication], roles: dict[str, str], change: dict[str, Any], status: int
):
    anna = user_id(graph, "anna@contoso.test")
    body = assignment(graph_with(), roles["Application Mail.Send"], directoryScopeId=f"/users/{anna}") | change
    assert error(graph("POST", f"{BASE}/roleAssignments", body))[0] == status


@pytest.mark.parametrize("role, read, write", [
    ("RoleManagement.ReadWrite.Exchange", 200, 400), ("RoleManagement.Read.Exchange", 200, 403),
    ("Application.ReadWrite.All", 403, 403),
])  # fmt: skip
def test_rights(graph_with: Callable[..., AsApplication], role: str, read: int, write: int):
    ask = graph_with(role)
    assert ask("GET", f"{BASE}/roleAssignments").status_code == read
    assert ask("POST", f"{BASE}/roleAssignments", {}).status_code == write


def test_removed_assignments_are_gone(graph: Graph):
    assert error(graph("DELETE", f"{BASE}/roleAssignments/{NOBODY}"))[:2] == (404, "NotFound")


def test_an_assignment_survives_a_kill(entra: Running, graph: Graph, roles: dict[str, str]):
    """The emulator saves everything; the test reads one object of each type again."""
    before = {kind: len(found) for kind, found in entra.state().items() if isinstance(found, list)}
    entra.kill()
    entra.start()
    assert {kind: len(found) for kind, found in entra.state().items() if isinstance(found, list)} == before
    assert graph("GET", f"{BASE}/roleDefinitions").status_code == 200, "the token is still valid"
