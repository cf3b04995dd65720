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
from emulator.running import TENANT, Running
from emulator_tests.test_login import certificate
from helpers.graph_requests import AsApplication, error
from helpers.waiting import PATIENCE
from requests import Response

Graph = Callable[..., Response]
NOBODY = "00000000-0000-0000-0000-00000000000a"
SEND = "b633e1c5-b582-4048-a93e-9f11b44c7e96"
GRAPH = "00000003-0000-0000-c000-000000000000"
CREATE = {"Prefer": "create-if-missing"}


def test_create_is_201_with_the_whole_application(graph: Graph):
    answer = graph("POST", "/v1.0/applications", {"displayName": "Catalog", "signInAudience": "AzureADMyOrg"})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")  # fmt: skip
    assert answer.headers["Location"].endswith("/Microsoft.DirectoryServices.Application")
    made = answer.json()
    assert made["@odata.context"].endswith("/v1.0/$metadata#applications/$entity")
    assert made["passwordCredentials"] == made["keyCredentials"] == made["requiredResourceAccess"] == made["identifierUris"] == []
    assert made["web"]["redirectUris"] == []
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["createdDateTime"])
    assert not {"tenant", "owners", "digest"} & set(made)


@pytest.mark.parametrize("body, code, words", [
    ({}, "Request_BadRequest", "'displayName'"),
    ({"displayName": "x", "signInAudience": "Nobody"}, "Request_BadRequest", "signInAudience"),
    ({"displayName": "x", "passwordCredentials": [{"secretText": "mine"}]}, "CannotUpdatePasswordCredentials", "service actions"),
    ({"displayName": "x", "passwordCredentials": [{"displayName": "y", "keyId": NOBODY}]}, "CannotUpdatePasswordCredentials",
     "service actions"),
    ({"displayName": "x", "colour": "red"}, "Request_BadRequest", "'colour'"),
    ({"displayName": "x", "appId": NOBODY}, "Request_BadRequest", "read-only"),
    ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SEND, "type": "App"}]}]},
     "Request_BadRequest", "requiredResourceAccess"),
    ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": NOBODY, "resourceAccess": []}] * 51},
     "Directory_QuotaExceeded", "limit"),
], ids=lambda value: str(value)[:40])  # fmt: skip
def test_create_is_refused(graph: Graph, body: dict[str, Any], code: str, words: str):
    status, found, message = error(graph("POST", "/v1.0/applications", body))
    assert (status, found) == (400, code)
    assert words in message


@pytest.mark.parametrize("headers, data, status", [
    ({"Content-Type": "application/json"}, "{nonsense", 400), ({"Content-Type": "application/json"}, "[]", 400),
    ({"Content-Type": "application/xml"}, "<x/>", 415), ({}, "{}", 400),
])  # fmt: skip
def test_a_body_other_than_json_is_refused(graph: Graph, headers: dict[str, str], data: str, status: int):
    assert error(graph("POST", "/v1.0/applications", data=data, headers=headers))[0] == status


def test_upsert_is_404_without_the_preference_then_201_then_204(graph: Graph, unique: str):
    path = f"/v1.0/applications(uniqueName='{unique}')"
    assert error(graph("PATCH", path, {"displayName": "One"}))[:2] == (404, "Request_ResourceNotFound")
    made = graph("PATCH", path, {"displayName": "One"}, headers=CREATE)
    assert (made.status_code, made.json()["uniqueName"]) == (201, unique)
    again = graph("PATCH", path, {"displayName": "Two"}, headers=CREATE)
    assert (again.status_code, again.content) == (204, b"")
    assert "content-type" not in again.headers
    found = graph("GET", path).json()
    assert (found["id"], found["displayName"]) == (made.json()["id"], "Two")


def test_upsert_needs_a_name(graph: Graph, unique: str):
    answer = graph("PATCH", f"/v1.0/applications(uniqueName='{unique}')", {"description": "x"}, headers=CREATE)
    assert error(answer)[:2] == (400, "Request_BadRequest")


def test_a_unique_name_is_given_once(graph: Graph, application: dict[str, Any], unique: str):
    path = f"/v1.0/applications/{application['id']}"
    assert graph("PATCH", path, {"uniqueName": unique}).status_code == 204
    assert error(graph("PATCH", path, {"uniqueName": unique + "x"}))[0] == 400
    assert error(graph("POST", "/v1.0/applications", {"displayName": "x", "uniqueName": unique}))[0] == 400


def test_an_identifier_uri_is_free_after_permanent_deletion(graph: Graph, application: dict[str, Any]):
    uris = {"identifierUris": [f"api://{application['appId']}"]}
    path = f"/v1.0/applications/{application['id']}"
    other = graph("POST", "/v1.0/applications", {"displayName": "other"}).json()
    for _ in range(2):
        assert graph("PATCH", path, uris).status_code == 204
    assert graph("DELETE", path).status_code == 204
    for answer in (graph("POST", "/v1.0/applications", {"displayName": "x", **uris}),
                   graph("PATCH", f"/v1.0/applications/{other['id']}", uris)):  # fmt: skip
        assert error(answer) == (
            400, "Request_BadRequest", "Another object with the same value for property identifierUris already exists.")
        assert answer.json()["error"]["details"][0]["code"] == "ObjectConflict"
    assert graph("DELETE", f"/v1.0/directory/deletedItems/{application['id']}").status_code == 204
    assert graph("PATCH", f"/v1.0/applications/{other['id']}", uris).status_code == 204


@pytest.mark.parametrize("form", [
    "/{id}", "('{id}')", "(appId='{appId}')", "(uniqueName='{uniqueName}')", "(appId%3D%27{appId}%27)", "(appId='{upper}')",
])  # fmt: skip
def test_an_application_is_found_by_each_of_its_keys(graph: Graph, unique: str, form: str):
    made = graph("POST", "/v1.0/applications", {"displayName": "x", "uniqueName": unique}).json()
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
    ("PUT", "/v1.0/applications", 405), ("DELETE", "/v1.0/applications", 405), ("GET", "/v1.0/$batch", 405),
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


def test_a_deleted_application_can_be_restored(graph: Graph, application: dict[str, Any], principal: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    assert graph("DELETE", path).status_code == 204
    assert graph("GET", path).status_code == graph("DELETE", path).status_code == 404
    assert graph("GET", f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404
    items = "/v1.0/directory/deletedItems"
    assert application["id"] in [one["id"] for one in graph("GET", f"{items}/microsoft.graph.application").json()["value"]]
    assert graph("POST", f"{items}/{application['id']}/restore").json()["@odata.type"] == "#microsoft.graph.application"
    assert graph("GET", path).json()["deletedDateTime"] is None
    assert graph("GET", f"/v1.0/servicePrincipals/{principal['id']}").status_code == 404, "to be restored on its own"


def test_a_deleted_principal_can_be_restored(entra: Running, graph: Graph, principal: dict[str, Any]):
    """The restored principal has its consent and the current name of its application."""
    entra.grant(principal["appId"], "Mail.Send")
    path, item = f"/v1.0/servicePrincipals/{principal['id']}", f"/v1.0/directory/deletedItems/{principal['id']}"
    assert error(graph("GET", item))[0] == 404
    assert graph("DELETE", path).status_code == 204
    assert graph("GET", path).status_code == 404
    graph("PATCH", f"/v1.0/applications(appId='{principal['appId']}')", {"displayName": "Renamed"})
    listed = graph("GET", "/v1.0/directory/deletedItems/graph.servicePrincipal?$select=id,deletedDateTime").json()["value"]
    assert [one["deletedDateTime"] is None for one in listed if one["id"] == principal["id"]] == [False]
    found = graph("GET", item).json()
    assert (found["@odata.type"], found["appId"]) == ("#microsoft.graph.servicePrincipal", principal["appId"])
    restored = graph("POST", f"{item}/restore")
    assert (restored.status_code, restored.json()["id"], restored.json()["deletedDateTime"]) == (200, principal["id"], None)
    assert graph("GET", path).json()["displayName"] == "Renamed"
    assert [one["appRoleId"] for one in graph("GET", f"{path}/appRoleAssignments").json()["value"]] == [SEND]
    assert graph("GET", item).status_code == graph("POST", f"{item}/restore").status_code == 404


def test_a_new_principal_keeps_the_deleted_one_from_restore(graph: Graph, principal: dict[str, Any]):
    items = "/v1.0/directory/deletedItems"
    graph("DELETE", f"/v1.0/servicePrincipals/{principal['id']}")
    second = graph("POST", "/v1.0/servicePrincipals", {"appId": principal["appId"]})
    assert second.status_code == 201
    restored = graph("POST", f"{items}/{principal['id']}/restore")
    assert error(restored)[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert graph("DELETE", f"{items}/{principal['id']}").status_code == 204
    assert graph("DELETE", f"{items}/{principal['id']}").status_code == 404


def test_a_deleted_application_gets_a_token_after_restore(entra: Running, graph: Graph, unique: str):
    application = entra.application(unique)
    asked = {"grant_type": "client_credentials", "client_id": application["app_id"],
             "client_secret": application["client_secret"], "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
    assert graph("DELETE", f"/v1.0/applications/{application['object_id']}").status_code == 204
    refused = entra.session.post(f"{entra.url}/{TENANT}/oauth2/v2.0/token", data=asked, timeout=PATIENCE)
    assert refused.json()["error_codes"] == [700016]
    for key in (application["object_id"], application["service_principal_id"]):
        assert graph("POST", f"/v1.0/directory/deletedItems/{key}/restore").status_code == 200
    assert entra.token(application)


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


def test_an_application_may_be_created_with_a_secret(entra: Running, graph: Graph):
    body = {"displayName": "x", "passwordCredentials": [{"displayName": "first", "endDateTime": "2030-01-01T00:00:00Z"}]}
    answer = graph("POST", "/v1.0/applications", body)
    assert answer.status_code == 201
    [made] = answer.json()["passwordCredentials"]
    assert (made["displayName"], made["endDateTime"], made["hint"]) == ("first", "2030-01-01T00:00:00Z", made["secretText"][:3])
    [kept] = graph("GET", f"/v1.0/applications/{answer.json()['id']}").json()["passwordCredentials"]
    assert kept == made | {"secretText": None}
    graph("POST", "/v1.0/servicePrincipals", {"appId": answer.json()["appId"]})
    assert entra.token({"app_id": answer.json()["appId"], "client_secret": made["secretText"]})


def test_a_secret_by_app_id_with_its_own_times(graph: Graph, application: dict[str, Any]):
    body = {"passwordCredential": {"endDateTime": "2027-01-02T03:04:05Z", "keyId": NOBODY}}
    made = graph("POST", f"/v1.0/applications(appId='{application['appId']}')/addPassword", body).json()
    assert made["endDateTime"].startswith("2027-01-02T03:04:05")
    assert made["keyId"] != NOBODY, "Entra gives the id"


def test_secrets_are_added_and_removed_by_id(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    keys = [graph("POST", f"{path}/addPassword", {}).json()["keyId"] for _ in range(2)]
    assert graph("POST", f"{path}/removePassword", {"keyId": keys[0]}).status_code == 204
    assert [one["keyId"] for one in graph("GET", path).json()["passwordCredentials"]] == keys[1:]
    assert error(graph("POST", f"{path}/removePassword", {"keyId": keys[0]}))[:2] == (400, "Request_BadRequest")


def test_secrets_cannot_be_written_by_a_change(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    answer = graph("PATCH", path, {"passwordCredentials": [{"displayName": "mine", "secretText": "x" * 20}]})
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


def test_federated_credentials(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}/federatedIdentityCredentials"
    body = {"name": "ci", "issuer": "https://ci.test", "subject": "repo:x", "audiences": ["api://AzureADTokenExchange"]}
    assert graph("POST", path, body).status_code == 201
    assert error(graph("POST", path, body))[0] == 409
    assert graph("GET", f"{path}(name='ci')").json()["subject"] == "repo:x"
    assert graph("DELETE", f"{path}/ci").status_code == 204
    assert graph("GET", path).json()["value"] == []


@pytest.mark.parametrize("role, read, create, change_foreign", [
    ("Application.Read.All", 200, 403, 403), ("Application.ReadWrite.All", 200, 201, 204),
    ("Application.ReadWrite.OwnedBy", 200, 201, 403), ("Mail.Send", 403, 403, 403), ("Directory.Read.All", 200, 403, 403),
    ("AppRoleAssignment.ReadWrite.All", 403, 403, 403),
])  # fmt: skip
def test_rights(
    graph_with: Callable[..., AsApplication], application: dict[str, Any], role: str, read: int, create: int, change_foreign: int
):
    ask = graph_with(role)
    path = f"/v1.0/applications/{application['id']}"
    assert ask("GET", path).status_code == read
    assert ask("POST", "/v1.0/applications", {"displayName": "x"}).status_code == create
    answer = ask("PATCH", path, {"notes": "x"})
    assert answer.status_code == change_foreign
    if change_foreign == 403:
        assert error(answer) == (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def test_owned_by_manages_its_own_applications(graph_with: Callable[..., AsApplication], application: dict[str, Any]):
    ask = graph_with("Application.ReadWrite.OwnedBy")
    made = ask("POST", "/v1.0/applications", {"displayName": "mine"}).json()
    assert ask("POST", f"/v1.0/applications/{made['id']}/addPassword", {}).status_code == 200
    principal = ask("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]})
    assert principal.status_code == 201
    owners = ask("GET", f"/v1.0/applications/{made['id']}/owners").json()["value"]
    assert [one["id"] for one in owners] == [ask.application["service_principal_id"]]
    assert ask("DELETE", f"/v1.0/applications/{made['id']}").status_code == 204
    assert ask("POST", f"/v1.0/applications/{application['id']}/addPassword", {}).status_code == 403


def test_an_owner_may_be_added_and_removed(graph: Graph, graph_with: Callable[..., AsApplication], application: dict[str, Any]):
    ask = graph_with("Application.ReadWrite.OwnedBy")
    path = f"/v1.0/applications/{application['id']}"
    owner = ask.application["service_principal_id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}
    assert graph("POST", f"{path}/owners/$ref", reference).status_code == 204
    assert error(graph("POST", f"{path}/owners/$ref", reference))[0] == 400
    assert ask("PATCH", path, {"notes": "x"}).status_code == 204
    assert graph("DELETE", f"{path}/owners/{owner.upper()}/$ref").status_code == 204
    assert ask("PATCH", path, {"notes": "y"}).status_code == 403


def test_owners_are_shown_with_their_type(entra: Running, graph: Graph, application: dict[str, Any], principal: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    user = graph("GET", "/v1.0/users/anna@contoso.test").json()
    for owner in (user, principal):
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner['id']}"}
        assert graph("POST", f"{path}/owners/$ref", reference).status_code == 204
    found = graph("GET", f"{path}/owners").json()["value"]
    assert [one["@odata.type"] for one in found] == ["#microsoft.graph.user", "#microsoft.graph.servicePrincipal"]
    assert found[0] == {"@odata.type": "#microsoft.graph.user"} | {n: v for n, v in user.items() if n != "@odata.context"}
    assert found[1]["appId"] == application["appId"]
    assert graph("GET", f"{path}?$expand=owners").json()["owners"] == found
    assert graph("GET", f"/v1.0/directoryObjects/{principal['id']}").json()["appId"] == application["appId"]
    first = graph("GET", f"{path}/owners?$top=1&$select=id,userPrincipalName").json()
    assert first["value"] == [{"@odata.type": "#microsoft.graph.user", "id": user["id"],
                               "userPrincipalName": user["userPrincipalName"]}]  # fmt: skip
    second = graph("GET", first["@odata.nextLink"].removeprefix(entra.url)).json()
    assert [one["id"] for one in second["value"]] == [principal["id"]]
    assert graph("GET", f"{path}?$expand=owners($select=id)").json()["owners"][0].keys() == {"@odata.type", "id"}
    references = graph("GET", f"{path}/owners/$ref").json()
    assert references["@odata.context"].endswith("#Collection($ref)")
    assert [one["@odata.id"].rpartition("/directoryObjects/")[2] for one in references["value"]] == [
        f"{user['id']}/Microsoft.DirectoryServices.User", f"{principal['id']}/Microsoft.DirectoryServices.ServicePrincipal"]


def test_an_object_shows_no_digest_of_its_secrets(graph: Graph, application: dict[str, Any]):
    graph("POST", f"/v1.0/applications/{application['id']}/addPassword", {})
    found = graph("GET", f"/v1.0/directoryObjects/{application['id']}").json()
    assert [one["secretText"] for one in found["passwordCredentials"]] == [None]
    assert "digest" not in found["passwordCredentials"][0]


def test_the_tenant_is_found_by_its_id(graph: Graph):
    found = graph("GET", f"/v1.0/organization/{TENANT}?$select=id,displayName").json()
    assert (found["id"], found["displayName"]) == (TENANT, graph("GET", "/v1.0/organization").json()["value"][0]["displayName"])
    assert error(graph("GET", f"/v1.0/organization/{NOBODY}"))[:2] == (404, "Request_ResourceNotFound")


def test_a_tenant_does_not_see_another_tenant(entra: Running, application: dict[str, Any]):
    tenant = entra.seed({"domains": ["other.test"], "applications": [
        {"display_name": "stranger", "secret": True, "roles": ["Application.ReadWrite.All"]}]})[0]  # fmt: skip
    token = entra.token(tenant["applications"][0], tenant=tenant["id"])
    assert entra.graph(token, "GET", f"/v1.0/applications/{application['id']}").status_code == 404
    assert jwt.decode(token, options={"verify_signature": False})["tid"] == tenant["id"]
    names = [one["displayName"] for one in entra.graph(token, "GET", "/v1.0/applications").json()["value"]]
    assert names == ["stranger"]
