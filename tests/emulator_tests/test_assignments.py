# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principals and consent: app role assignments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import Running
from emulator_tests.test_applications import GRAPH, NOBODY, SEND
from helpers.graph_requests import error
from requests import Response

Graph = Callable[..., Response]
ANNA = "/v1.0/users/anna@contoso.test"
FIELDS = {"id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId", "principalType",
          "resourceDisplayName", "resourceId"}  # fmt: skip


@pytest.fixture
def resource(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph("GET", f"/v1.0/servicePrincipals(appId='{GRAPH}')").json()
    return found


def assignment(principal: dict[str, Any], resource: dict[str, Any], role: str = SEND) -> dict[str, str]:
    return {"principalId": principal["id"], "resourceId": resource["id"], "appRoleId": role}


def test_roles_and_scopes_of_graph_have_different_ids(resource: dict[str, Any]):
    roles = {role["value"]: role for role in resource["appRoles"]}
    scopes = {scope["value"]: scope["id"] for scope in resource["oauth2PermissionScopes"]}
    assert roles["Mail.Send"]["id"] == SEND
    assert roles["Mail.ReadBasic.All"]["id"] == "693c5e45-0940-467d-9b8a-1022fb9d42ef"
    assert "Mail.ReadBasicAll" not in roles
    assert all(role["allowedMemberTypes"] == ["Application"] for role in roles.values())
    assert scopes["Mail.Send"] == "e383f46e-2787-4529-855e-0e479a3ffac0"
    assert set(scopes.values()).isdisjoint(role["id"] for role in roles.values())


def test_a_principal_is_made_once(graph: Graph, application: dict[str, Any]):
    answer = graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    assert answer.status_code == 201
    assert answer.json()["@odata.context"].endswith("#servicePrincipals/$entity")
    assert answer.json()["servicePrincipalNames"] == [application["appId"]]
    again = graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    assert error(again)[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")


@pytest.mark.parametrize("role, expected", [
    ("Application.ReadWrite.All", (400, "Request_BadRequest", "does not reference a valid application object")),
    ("Application.ReadWrite.OwnedBy", (403, "Authorization_RequestDenied", "must in the local tenant")),
])  # fmt: skip
def test_a_principal_without_an_application(graph_with: Callable[..., Graph], role: str, expected: tuple[int, str, str]):
    status, code, message = error(graph_with(role)("POST", "/v1.0/servicePrincipals", {"appId": NOBODY}))
    assert (status, code) == expected[:2]
    assert expected[2] in message


def test_consent_is_written_at_one_end_and_listed_at_the_other(
    graph: Graph, principal: dict[str, Any], resource: dict[str, Any]
):
    of = f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments"
    answer = graph("POST", f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", assignment(principal, resource))
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == FIELDS | {"@odata.context"}
    assert (made["principalType"], made["resourceDisplayName"]) == ("ServicePrincipal", "Microsoft Graph")
    assert re.fullmatch(r".+\.\d{7}Z", made["createdDateTime"])
    assert [one["id"] for one in graph("GET", of).json()["value"]] == [made["id"]]
    assert graph("DELETE", f"{of}/{made['id']}").status_code == 204
    assert graph("GET", of).json()["value"] == []
    assert error(graph("DELETE", f"{of}/{made['id']}")) == (
        400, "Request_BadRequest", "EntitlementGrant being updated or deleted is not found.")  # fmt: skip


def test_repeated_consent_gets_the_known_error(graph: Graph, principal: dict[str, Any], resource: dict[str, Any]):
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    assert graph("POST", path, assignment(principal, resource)).status_code == 201
    assert error(graph("POST", path, assignment(principal, resource))) == (
        400, "Request_BadRequest", "Permission being assigned already exists on the object")  # fmt: skip


def test_the_id_of_an_application_is_refused(
    graph: Graph, application: dict[str, Any], principal: dict[str, Any], resource: dict[str, Any]
):
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    body = assignment(principal, resource) | {"principalId": application["id"]}
    assert error(graph("POST", path, body)) == (400, "Request_BadRequest", "Not a valid reference update.")


@pytest.mark.parametrize("change", [
    {"appRoleId": "e383f46e-2787-4529-855e-0e479a3ffac0"}, {"appRoleId": None}, {"principalId": "x"}, {"resourceId": NOBODY},
], ids=["a delegated scope", "no role", "no id", "no resource"])  # fmt: skip
def test_invalid_assignments_fail(graph: Graph, principal: dict[str, Any], resource: dict[str, Any], change: dict[str, Any]):
    body = assignment(principal, resource) | change
    assert error(graph("POST", f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", body))[0] == 400


@pytest.mark.parametrize("roles, listing, writing", [
    (("Application.ReadWrite.All", "Directory.ReadWrite.All"), 200, 403), (("Application.Read.All",), 200, 403),
    (("AppRoleAssignment.ReadWrite.All",), 200, 201), (("Mail.Send",), 403, 403),
])  # fmt: skip
def test_rights(
    graph_with: Callable[..., Graph], principal: dict[str, Any], resource: dict[str, Any], roles: tuple[str, ...], listing: int,
    writing: int,
):  # fmt: skip
    ask = graph_with(*roles)
    assert ask("GET", f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments").status_code == listing
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    assert ask("POST", path, assignment(principal, resource)).status_code == writing


def test_consent_is_in_the_next_token(entra: Running, graph: Graph, principal: dict[str, Any], resource: dict[str, Any]):
    secret = graph("POST", f"/v1.0/applications(appId='{principal['appId']}')/addPassword", {}).json()["secretText"]
    application = {"app_id": principal["appId"], "client_secret": secret}
    role = next(role["id"] for role in resource["appRoles"] if role["value"] == "User.Read.All")
    before = entra.token(application)
    graph("POST", f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", assignment(principal, resource, role))
    assert entra.graph(before, "GET", ANNA).status_code == 403
    assert entra.graph(entra.token(application), "GET", ANNA).status_code == 200
