# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications: create, upsert, read, change, delete; secrets and certificates."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from emulator.running import Running
from emulator_tests.test_login import certificate
from helpers.graph_requests import AsApplication, create, error
from requests import Response

Graph = Callable[..., Response]
NOBODY = "00000000-0000-0000-0000-00000000000a"
SEND = "b633e1c5-b582-4048-a93e-9f11b44c7e96"
GRAPH = "00000003-0000-0000-c000-000000000000"


def test_create_is_201_with_the_whole_application(graph: Graph, unique: str):
    answer = create(graph, unique, {"displayName": "Catalog", "signInAudience": "AzureADMyOrg"})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")  # fmt: skip
    assert answer.headers["Location"].endswith("/Microsoft.DirectoryServices.Application")
    made = answer.json()
    assert made["@odata.context"].endswith("/v1.0/$metadata#applications/$entity")
    assert made["passwordCredentials"] == made["keyCredentials"] == made["requiredResourceAccess"] == []
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["createdDateTime"])
    assert not {"tenant", "owners", "digest"} & set(made)


@pytest.mark.parametrize("body, code, words", [
    ({}, "Request_BadRequest", "'displayName'"),
    ({"displayName": "x", "signInAudience": "Nobody"}, "Request_BadRequest", "signInAudience"),
    ({"displayName": "x", "passwordCredentials": [{"displayName": "mine"}]}, "CannotUpdatePasswordCredentials",
     "service actions"),
    ({"displayName": "x", "colour": "red"}, "Request_BadRequest", "'colour'"),
    ({"displayName": "x", "appId": NOBODY}, "Request_BadRequest", "read-only"),
    ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SEND, "type": "App"}]}]},
     "Request_BadRequest", "requiredResourceAccess"),
    ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": NOBODY, "resourceAccess": []}] * 51},
     "Directory_QuotaExceeded", "limit"),
], ids=lambda value: str(value)[:40])  # fmt: skip
def test_create_is_refused(graph: Graph, unique: str, body: dict[str, Any], code: str, words: str):
    status, found, message = error(create(graph, unique, body))
    assert (status, found) == (400, code)
    assert words in message


@pytest.mark.parametrize("headers, data, status", [
    ({"Content-Type": "application/json"}, "{nonsense", 400), ({"Content-Type": "application/json"}, "[]", 400),
    ({"Content-Type": "application/xml"}, "<x/>", 415), ({}, "{}", 400),
])  # fmt: skip
def test_a_body_other_than_json_is_refused(
    graph: Graph, application: dict[str, Any], headers: dict[str, str], data: str, status: int
):
    path = f"/v1.0/applications/{application['id']}"
    assert error(graph("PATCH", path, data=data, headers=headers))[0] == status


def test_upsert_is_404_without_the_preference_then_201_then_204(graph: Graph, unique: str):
    path = f"/v1.0/applications(uniqueName='{unique}')"
    assert error(graph("PATCH", path, {"displayName": "One"}))[:2] == (404, "Request_ResourceNotFound")
    made = create(graph, unique, {"displayName": "One"})
    assert (made.status_code, made.json()["uniqueName"]) == (201, unique)
    again = create(graph, unique, {"displayName": "Two"})
    assert (again.status_code, again.content) == (204, b"")
    assert "content-type" not in again.headers
    found = graph("GET", path).json()
    assert (found["id"], found["displayName"]) == (made.json()["id"], "Two")


def test_a_unique_name_is_given_once(entra: Running, graph: Graph, unique: str):
    """A deleted application keeps its unique name."""
    path = f"/v1.0/applications/{entra.application(unique)['object_id']}"
    other = f"/v1.0/applications/{entra.application(unique + ' too')['object_id']}"
    assert graph("PATCH", path, {"uniqueName": unique}).status_code == 204
    assert error(graph("PATCH", path, {"uniqueName": unique + "x"}))[0] == 400
    for _ in range(2):
        answer = graph("PATCH", other, {"uniqueName": unique})
        assert error(answer)[0] == 400 and answer.json()["error"]["details"][0]["code"] == "ObjectConflict"
        graph("DELETE", path)
    assert error(create(graph, unique))[:2] == (400, "Request_BadRequest")


@pytest.mark.parametrize("form", [
    "/{id}", "('{id}')", "(appId='{appId}')", "(uniqueName='{uniqueName}')", "(appId%3D%27{appId}%27)", "(appId='{upper}')",
])  # fmt: skip
def test_an_application_is_found_by_each_of_its_keys(graph: Graph, unique: str, form: str):
    made = create(graph, unique).json()
    answer = graph("GET", f"/v1.0/applications{form.format(**made, upper=made['appId'].upper())}")
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])


@pytest.mark.parametrize("path, expected", [
    (f"/v1.0/applications/{NOBODY}", (404, "Request_ResourceNotFound")),
    (f"/v1.0/applications(appId='{NOBODY}')", (404, "Request_ResourceNotFound")),
    ("/v1.0/applications/nothing", (400, "Request_BadRequest")),
    ("/v1.0/applications(displayName='x')", (400, "BadRequest")),
    (f"/v1.0/applications/{NOBODY}/colours", (400, "BadRequest")),
    ("/v1.0/colours", (400, "BadRequest")),
])  # fmt: skip
def test_missing_objects_get_404(graph: Graph, path: str, expected: tuple[int, str]):
    assert error(graph("GET", path))[:2] == expected


def test_the_message_for_a_missing_object(graph: Graph):
    assert error(graph("GET", f"/v1.0/applications/{NOBODY}"))[2] == (
        f"Resource '{NOBODY}' does not exist or one of its queried reference-property objects are not present.")  # fmt: skip
    assert error(graph("GET", "/v1.0/colours"))[2] == "Resource not found for the segment 'colours'."


@pytest.mark.parametrize("method, path, status", [
    ("POST", "/v1.0/applications", 405), ("DELETE", "/v1.0/applications", 405), ("GET", "/v1.0/$batch", 405),
    ("GET", "/v1.0/roleManagement/exchange/roleAssignments", 400),
])  # fmt: skip
def test_methods_and_versions(graph: Graph, method: str, path: str, status: int):
    """RBAC for Applications exists only in beta, not in v1.0."""
    assert error(graph(method, path))[0] == status


def test_change_is_204_and_replaces_all_permissions(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    for resource in (GRAPH, NOBODY):
        access = [{"resourceAppId": resource, "resourceAccess": [{"id": SEND, "type": "Role"}]}]
        answer = graph("PATCH", path, {"requiredResourceAccess": access})
        assert (answer.status_code, answer.content) == (204, b"")
    assert [one["resourceAppId"] for one in graph("GET", path).json()["requiredResourceAccess"]] == [NOBODY]


def test_a_secret_is_shown_once(entra: Running, graph: Graph, application: dict[str, Any], principal: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    answer = graph("POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "catalog.mail"}})
    made = answer.json()
    assert answer.status_code == 200
    assert made["@odata.context"].endswith("#microsoft.graph.passwordCredential")
    assert made["hint"] == made["secretText"][:3]
    assert made["customKeyIdentifier"] is None
    assert 16 <= len(made["secretText"]) <= 64
    assert re.fullmatch(r".+T\d\d:\d\d:\d\d\.\d{7}Z", made["endDateTime"]), "seven digits"
    assert int(made["endDateTime"][:4]) == int(made["startDateTime"][:4]) + 2
    [kept] = graph("GET", path).json()["passwordCredentials"]
    assert kept == {name: value for name, value in made.items() if name != "@odata.context"} | {"secretText": None}
    assert entra.token({"app_id": application["appId"], "client_secret": made["secretText"]})


def test_secrets_are_added_and_removed_by_id(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    keys = [graph("POST", f"{path}/addPassword", {}).json()["keyId"] for _ in range(2)]
    assert graph("POST", f"{path}/removePassword", {"keyId": keys[0]}).status_code == 204
    assert [one["keyId"] for one in graph("GET", path).json()["passwordCredentials"]] == keys[1:]
    assert error(graph("POST", f"{path}/removePassword", {"keyId": keys[0]}))[:2] == (400, "Request_BadRequest")


def test_secrets_cannot_be_written_by_a_change(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    answer = graph("PATCH", path, {"passwordCredentials": [{"displayName": "mine"}]})
    assert error(answer)[:2] == (400, "CannotUpdatePasswordCredentials")


def key_credential(name: str = "one") -> dict[str, Any]:
    der = certificate()[3]
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode(), "displayName": name}


def test_certificate_keys_are_returned_only_by_select(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    given = key_credential()
    assert graph("PATCH", path, {"keyCredentials": [given]}).status_code == 204
    assert graph("GET", path).json()["keyCredentials"][0]["key"] is None
    answer = graph("GET", f"{path}?$select=keyCredentials").json()
    assert set(answer) == {"@odata.context", "keyCredentials"}
    [kept] = answer["keyCredentials"]
    assert kept["key"] == given["key"]
    assert re.fullmatch(r"[0-9A-F]{40}", kept["customKeyIdentifier"]), "the thumbprint"
    second = {"keyCredentials": [{**kept, "key": None}, key_credential("two")]}
    assert graph("PATCH", path, second).status_code == 204, "known by its keyId"
    assert len(graph("GET", path).json()["keyCredentials"]) == 2
    assert graph("PATCH", path, {"keyCredentials": []}).status_code == 204
    assert graph("GET", path).json()["keyCredentials"] == []


@pytest.mark.parametrize("change", [
    {"key": None}, {"key": "bm8="}, {"key": "no base64"}, {"type": "Symmetric"}, {"usage": "Look"},
    {"endDateTime": "2099-01-01T00:00:00Z"},
], ids=str)  # fmt: skip
def test_a_certificate_is_refused(graph: Graph, application: dict[str, Any], change: dict[str, Any]):
    body = {"keyCredentials": [{**key_credential(), **change}]}
    assert error(graph("PATCH", f"/v1.0/applications/{application['id']}", body))[0] == 400


@pytest.mark.parametrize("role, read, made, change_foreign", [
    ("Application.Read.All", 200, 403, 403), ("Application.ReadWrite.All", 200, 201, 204),
    ("Application.ReadWrite.OwnedBy", 200, 201, 403), ("Mail.Send", 403, 403, 403), ("Directory.Read.All", 200, 403, 403),
    ("AppRoleAssignment.ReadWrite.All", 403, 403, 403),
])  # fmt: skip
def test_rights(
    graph_with: Callable[..., AsApplication], application: dict[str, Any], unique: str, role: str, read: int, made: int,
    change_foreign: int,
):  # fmt: skip
    ask = graph_with(role)
    path = f"/v1.0/applications/{application['id']}"
    assert ask("GET", path).status_code == read
    assert create(ask, unique).status_code == made
    answer = ask("PATCH", path, {"displayName": "x"})
    assert answer.status_code == change_foreign
    if change_foreign == 403:
        assert error(answer) == (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def test_owned_by_manages_its_own_applications(
    graph_with: Callable[..., AsApplication], application: dict[str, Any], unique: str
):
    ask = graph_with("Application.ReadWrite.OwnedBy")
    made = create(ask, unique).json()
    assert ask("POST", f"/v1.0/applications/{made['id']}/addPassword", {}).status_code == 200
    principal = ask("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]})
    assert principal.status_code == 201
    assert ask("DELETE", f"/v1.0/applications/{made['id']}").status_code == 204
    assert ask("POST", f"/v1.0/applications/{application['id']}/addPassword", {}).status_code == 403


def test_a_tenant_does_not_see_another_tenant(entra: Running, application: dict[str, Any]):
    tenant = entra.seed({"domains": ["other.test"], "applications": [
        {"display_name": "stranger", "secret": True, "roles": ["Application.ReadWrite.All"]}]})[0]  # fmt: skip
    token = entra.token(tenant["applications"][0], tenant=tenant["id"])
    assert entra.graph(token, "GET", f"/v1.0/applications/{application['id']}").status_code == 404
    assert jwt.decode(token, options={"verify_signature": False})["tid"] == tenant["id"]
    names = [one["displayName"] for one in entra.graph(token, "GET", "/v1.0/applications").json()["value"]]
    assert names == ["stranger"]


def test_the_callers_tenant_is_myorganization(graph: Graph, unique: str):
    made = create(graph, unique).json()
    answer = graph("GET", f"/v1.0/myorganization/applications/{made['id']}")
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])
    step = {"id": "1", "method": "GET", "url": f"/myorganization/applications/{made['id']}"}
    assert graph("POST", "/v1.0/$batch", {"requests": [step]}).json()["responses"][0]["status"] == 200
    assert graph("GET", "/beta/myorganization/applications").status_code == 200


def test_a_certificate_may_have_line_breaks(graph: Graph, application: dict[str, Any]):
    """As openssl and PEM files write base64."""
    given = key_credential("lines")
    given["key"] = "\r\n".join(re.findall(".{1,64}", given["key"])) + "\n"
    assert graph("PATCH", f"/v1.0/applications/{application['id']}", {"keyCredentials": [given]}).status_code == 204


@pytest.mark.parametrize("audience", ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"])
def test_personal_accounts_take_two_secrets(graph: Graph, unique: str, audience: str):
    made = create(graph, unique, {"displayName": "Catalog", "signInAudience": audience}).json()
    path = f"/v1.0/applications/{made['id']}/addPassword"
    given = [graph("POST", path, {"passwordCredential": {"displayName": f"{number}"}}) for number in range(3)]
    assert [one.status_code for one in given] == [200, 200, 400]
    assert error(given[2])[2] == "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords."
    assert graph("PATCH", f"/v1.0/applications/{made['id']}", {"signInAudience": "AzureADMyOrg"}).status_code == 204
    assert graph("POST", path).status_code == 200


def test_deleted_items(graph: Graph, graph_with: Callable[..., AsApplication], entra: Running, unique: str):
    """A deleted application keeps its name for 30 days; it and its service principal are restored by two calls."""
    made = create(graph, unique, {"displayName": "Catalog"}).json()
    principal = graph("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]}).json()["id"]
    entra.grant(made["appId"], "Mail.Send")
    assert graph("DELETE", f"/v1.0/applications/{made['id']}").status_code == 204
    assert error(create(graph, unique, {"displayName": "Again"}))[:2] == (400, "Request_BadRequest")
    listed = graph("GET", "/v1.0/directory/deletedItems/microsoft.graph.application?$select=id,uniqueName,deletedDateTime").json()
    [found] = [one for one in listed["value"] if one["id"] == made["id"]]
    assert found["uniqueName"] == unique and found["deletedDateTime"]
    one = graph("GET", f"/v1.0/directory/deletedItems/{principal}").json()
    assert one["@odata.type"] == "#microsoft.graph.servicePrincipal" and one["appId"] == made["appId"]
    stranger = graph_with("Application.ReadWrite.OwnedBy")
    assert stranger("POST", f"/v1.0/directory/deletedItems/{made['id']}/restore").status_code == 403

    restored = graph("POST", f"/v1.0/directory/deletedItems/{made['id']}/restore")
    assert restored.status_code == 200 and restored.json()["uniqueName"] == unique and not restored.json()["deletedDateTime"]
    assert graph("GET", f"/v1.0/servicePrincipals/{principal}").status_code == 404
    assert graph("POST", f"/v1.0/directory/deletedItems/{principal}/restore").status_code == 200
    assert len(graph("GET", f"/v1.0/servicePrincipals/{principal}/appRoleAssignments").json()["value"]) == 1
    assert graph("POST", f"/v1.0/directory/deletedItems/{made['id']}/restore").status_code == 404

    assert graph("DELETE", f"/v1.0/applications/{made['id']}").status_code == 204
    assert graph("DELETE", f"/v1.0/directory/deletedItems/{made['id']}").status_code == 204
    again = create(graph, unique, {"displayName": "Again"})
    assert again.status_code == 201
    assert graph("DELETE", f"/v1.0/applications/{again.json()['id']}").status_code == 204
    entra.advance(30 * 86400)
    try:
        assert entra.graph(entra.token(entra.application("later", roles=["Application.ReadWrite.All"])), "GET",
                           f"/v1.0/directory/deletedItems/{again.json()['id']}").status_code == 404  # fmt: skip
    finally:
        entra.advance(-30 * 86400)
