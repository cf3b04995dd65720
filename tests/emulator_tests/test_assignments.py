# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principals and consent: app role assignments from either end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from emulator.running import Running
from emulator_tests.test_applications import GRAPH, NOBODY, SEND
from helpers.graph_requests import error
from requests import Response

Graph = Callable[..., Response]
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


ROLE = {"id": NOBODY, "value": "Do", "displayName": "Do", "description": "Do", "allowedMemberTypes": ["Application"],
        "isEnabled": True}  # fmt: skip
SHOWN = [
    ({"displayName": "Renamed"}, {"displayName": "Renamed", "appDisplayName": "Renamed"}),
    ({"identifierUris": ["api://{appId}"]}, {"servicePrincipalNames": ["{appId}", "api://{appId}"]}),
    ({"appRoles": [ROLE]}, {"appRoles": [ROLE]}),
    ({"web": {"redirectUris": ["https://x.test"], "homePageUrl": "https://home.test"}},
     {"replyUrls": ["https://x.test"], "homepage": "https://home.test"}),
    ({"description": "What it is"}, {"appDescription": "What it is"}),
    ({"signInAudience": "AzureADMultipleOrgs"}, {"signInAudience": "AzureADMultipleOrgs"}),
]


@pytest.mark.parametrize("change, shown", SHOWN, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("first", ["principal", "change"])
def test_a_principal_shows_its_application(
    graph: Graph, application: dict[str, Any], first: str, change: dict[str, Any], shown: dict[str, Any]
):
    def make() -> None:
        assert graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]}).status_code == 201

    def alter() -> None:
        assert graph("PATCH", f"/v1.0/applications/{application['id']}", filled(change)).status_code == 204

    def filled(properties: dict[str, Any]) -> dict[str, Any]:
        text: dict[str, Any] = json.loads(json.dumps(properties).replace("{appId}", application["appId"]))
        return text

    for step in (make, alter) if first == "principal" else (alter, make):
        step()
    found = graph("GET", f"/v1.0/servicePrincipals(appId='{application['appId']}')").json()
    assert {name: found[name] for name in shown} == filled(shown)


def test_an_application_change_keeps_the_principals_values(graph: Graph, principal: dict[str, Any]):
    path = f"/v1.0/servicePrincipals/{principal['id']}"
    assert graph("PATCH", path, {"tags": ["mine"], "homepage": "https://mine.test"}).status_code == 204
    graph("PATCH", f"/v1.0/applications(appId='{principal['appId']}')", {"displayName": "Renamed"})
    found = graph("GET", path).json()
    assert (found["tags"], found["homepage"], found["displayName"]) == (["mine"], "https://mine.test", "Renamed")


def test_a_role_of_ones_own_application_is_in_the_token_for_it(
    entra: Running, graph: Graph, application: dict[str, Any], principal: dict[str, Any]
):
    client = entra.application(f"client of {application['displayName']}")
    uri = f"api://{application['appId']}"
    graph("PATCH", f"/v1.0/applications/{application['id']}", {"appRoles": [ROLE], "identifierUris": [uri]})
    body = {"principalId": client["service_principal_id"], "resourceId": principal["id"], "appRoleId": ROLE["id"]}
    assert graph("POST", f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignedTo", body).status_code == 201
    claims = jwt.decode(entra.token(client, scope=f"{uri}/.default"), options={"verify_signature": False})
    assert (claims["aud"], claims["roles"]) == (uri, ["Do"])


@pytest.mark.parametrize("role, expected", [
    ("Application.ReadWrite.All", (400, "Request_BadRequest", "does not reference a valid application object")),
    ("Application.ReadWrite.OwnedBy", (403, "Authorization_RequestDenied", "must in the local tenant")),
])  # fmt: skip
def test_a_principal_without_an_application(graph_with: Callable[..., Graph], role: str, expected: tuple[int, str, str]):
    status, code, message = error(graph_with(role)("POST", "/v1.0/servicePrincipals", {"appId": NOBODY}))
    assert (status, code) == expected[:2]
    assert expected[2] in message


def test_a_principal_is_upserted_by_app_id(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/servicePrincipals(appId='{application['appId']}')"
    assert error(graph("PATCH", path, {}))[0] == 404
    assert graph("PATCH", path, {}, headers={"Prefer": "create-if-missing"}).status_code == 201
    assert graph("PATCH", path, {"notes": "x"}, headers={"Prefer": "create-if-missing"}).status_code == 204
    assert graph("GET", path).json()["notes"] == "x"
    assert graph("DELETE", path).status_code == 204
    assert graph("GET", path).status_code == 404


@pytest.mark.parametrize("end", ["resource", "principal"])
def test_consent_is_201_and_listed_from_both_ends(graph: Graph, principal: dict[str, Any], resource: dict[str, Any], end: str):
    to, of = (f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo",
              f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments")  # fmt: skip
    answer = graph("POST", to if end == "resource" else of, assignment(principal, resource))
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == FIELDS | {"@odata.context"}
    assert (made["principalType"], made["resourceDisplayName"]) == ("ServicePrincipal", "Microsoft Graph")
    assert re.fullmatch(r".+\.\d{7}Z", made["createdDateTime"])
    own = graph("GET", of).json()["value"]
    assert [one["id"] for one in own] == [made["id"]]
    assert [one["id"] for one in graph("GET", f"{to}?$filter=principalId eq {principal['id']}").json()["value"]] == [made["id"]]
    assert graph("GET", f"{of}/{made['id']}").json()["appRoleId"] == SEND
    assert graph("DELETE", f"{to}/{made['id']}").status_code == 204
    assert graph("GET", of).json()["value"] == []
    assert error(graph("DELETE", f"{to}/{made['id']}")) == (
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


def test_an_assignment_cannot_be_changed(graph: Graph, principal: dict[str, Any], resource: dict[str, Any]):
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    made = graph("POST", path, assignment(principal, resource)).json()
    assert error(graph("PATCH", f"{path}/{made['id']}", {}))[0] == 405


@pytest.mark.parametrize("roles, listing, writing", [
    (("Application.ReadWrite.All", "Directory.ReadWrite.All"), 200, 403), (("Application.Read.All",), 200, 403),
    (("AppRoleAssignment.ReadWrite.All",), 200, 201), (("Mail.Send",), 403, 403),
])  # fmt: skip
def test_rights(
    graph_with: Callable[..., Graph], principal: dict[str, Any], resource: dict[str, Any], roles: tuple[str, ...], listing: int,
    writing: int,
):  # fmt: skip
    ask = graph_with(*roles)
    path = f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments"
    assert ask("GET", path).status_code == listing
    assert ask("POST", path, assignment(principal, resource)).status_code == writing


def test_consent_is_in_the_next_token(entra: Running, graph: Graph, principal: dict[str, Any], resource: dict[str, Any]):
    secret = graph("POST", f"/v1.0/applications(appId='{principal['appId']}')/addPassword", {}).json()["secretText"]
    application = {"app_id": principal["appId"], "client_secret": secret}
    role = next(role["id"] for role in resource["appRoles"] if role["value"] == "User.Read.All")
    before = entra.token(application)
    graph("POST", f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", assignment(principal, resource, role))
    assert entra.graph(before, "GET", "/v1.0/users").status_code == 403
    assert entra.graph(entra.token(application), "GET", "/v1.0/users").status_code == 200
