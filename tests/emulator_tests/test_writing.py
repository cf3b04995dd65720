# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to the directory: complex properties are merged; wrong types are refused and leave nothing invalid behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator_tests.test_applications import GRAPH, NOBODY, SEND
from helpers.graph_requests import error
from requests import Response

Graph = Callable[..., Response]
ROLE = {"allowedMemberTypes": ["Application"], "displayName": "r", "description": "r", "isEnabled": True, "value": "R"}
WEB = {
    "homePageUrl": None, "logoutUrl": None, "redirectUris": [], "redirectUriSettings": [],
    "implicitGrantSettings": {"enableIdTokenIssuance": False, "enableAccessTokenIssuance": False},
}  # fmt: skip
API = {
    "acceptMappedClaims": None, "knownClientApplications": [], "requestedAccessTokenVersion": None,
    "oauth2PermissionScopes": [], "preAuthorizedApplications": [],
}  # fmt: skip


@pytest.mark.parametrize("name, given, kept", [
    ("web", {"redirectUris": ["https://x.test"]}, WEB | {"redirectUris": ["https://x.test"]}),
    ("api", {"requestedAccessTokenVersion": 2}, API | {"requestedAccessTokenVersion": 2}),
    ("spa", {}, {"redirectUris": []}),
    ("publicClient", None, {"redirectUris": []}),
    ("parentalControlSettings", {"countriesBlockedForMinors": ["DE"]},
     {"countriesBlockedForMinors": ["DE"], "legalAgeGroupRule": "Allow"}),
], ids=str)  # fmt: skip
def test_creation_fills_in_a_complex_property(graph: Graph, name: str, given: Any, kept: dict[str, Any]):
    assert graph("POST", "/v1.0/applications", {"displayName": "x", name: given}).json()[name] == kept


@pytest.mark.parametrize("changes, kept", [
    ([{"redirectUris": ["https://x.test/a", "https://x.test/b"]}, {"logoutUrl": "https://x.test/out"}],
     {"redirectUris": ["https://x.test/a", "https://x.test/b"], "logoutUrl": "https://x.test/out"}),
    ([{"redirectUris": ["https://x.test/a"]}, {"redirectUris": ["https://x.test/b"]}], {"redirectUris": ["https://x.test/b"]}),
    ([{"implicitGrantSettings": {"enableIdTokenIssuance": True}}, {"implicitGrantSettings": {"enableAccessTokenIssuance": True}}],
     {"implicitGrantSettings": {"enableIdTokenIssuance": True, "enableAccessTokenIssuance": True}}),
    ([{"homePageUrl": "https://x.test"}, {"homePageUrl": None}], {}),
    ([{"homePageUrl": "https://x.test"}, None], {}),
], ids=["what is not named stays", "a collection is replaced", "deeper", "null in it", "null for all of it"])  # fmt: skip
def test_a_change_merges_a_complex_property(
    graph: Graph, application: dict[str, Any], changes: list[Any], kept: dict[str, Any]
):
    path = f"/v1.0/applications/{application['id']}"
    for change in changes:
        assert graph("PATCH", path, {"web": change}).status_code == 204
    assert graph("GET", path).json()["web"] == WEB | kept


def access(**change: Any) -> dict[str, Any]:
    return {"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SEND, "type": "Role"}], **change}]}


@pytest.mark.parametrize("body, words", [
    ({"displayName": 5}, "'displayName' of resource 'Application'"),
    ({"displayName": "x" * 257}, "'displayName' of resource 'Application'"),
    ({"web": "y"}, "'web' of resource 'Application'"),
    ({"web": {"redirectUris": "y"}}, "'redirectUris' of resource 'WebApplication'"),
    ({"web": {"redirectUris": None}}, "'redirectUris' of resource 'WebApplication'"),
    ({"web": {"colour": "red"}}, "'colour'"),
    ({"tags": "y"}, "'tags' of resource 'Application'"),
    ({"tags": None}, "'tags' of resource 'Application'"),
    ({"tags": [5]}, "'tags' of resource 'Application'"),
    ({"isFallbackPublicClient": "yes"}, "'isFallbackPublicClient' of resource 'Application'"),
    ({"keyCredentials": ["y"]}, "'keyCredentials' of resource 'Application'"),
    ({"keyCredentials": [{"key": 5}]}, "'key' of resource 'KeyCredential'"),
    ({"passwordCredentials": "y"}, "'passwordCredentials' of resource 'Application'"),
    ({"owners": [NOBODY]}, "'owners'"),
    (access(resourceAccess=["x"]), "'resourceAccess' of resource 'RequiredResourceAccess'"),
    (access(resourceAccess=[{"id": "nope", "type": "Role"}]), "'id' of resource 'ResourceAccess'"),
    (access(resourceAccess=[{"id": SEND}]), "'type' of resource 'ResourceAccess'"),
    (access(resourceAppId=5), "'resourceAppId' of resource 'RequiredResourceAccess'"),
    ({"appRoles": [ROLE]}, "'id' of resource 'AppRole'"),
    ({"appRoles": [ROLE | {"id": NOBODY, "isEnabled": "yes"}]}, "'isEnabled' of resource 'AppRole'"),
    ({"api": {"oauth2PermissionScopes": [{"id": "x"}]}}, "'id' of resource 'PermissionScope'"),
    ({"api": {"requestedAccessTokenVersion": True}}, "'requestedAccessTokenVersion' of resource 'ApiApplication'"),
], ids=lambda value: str(value)[:60])  # fmt: skip
def test_a_value_of_another_type_is_refused(graph: Graph, application: dict[str, Any], body: dict[str, Any], words: str):
    path = f"/v1.0/applications/{application['id']}"
    for answer in (graph("POST", "/v1.0/applications", {"displayName": "x", **body}), graph("PATCH", path, body)):
        status, code, message = error(answer)
        assert (status, code) == (400, "Request_BadRequest")
        assert words in message
    assert graph("GET", path).json() == application | {"@odata.context": graph("GET", path).json()["@odata.context"]}


@pytest.mark.parametrize("path, body", [
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": "x"}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"endDateTime": 5}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"endDateTime": "soon"}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"startDateTime": "9999-12-31T23:59:59-01:00"}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"displayName": 5}}),
    ("/v1.0/applications/{id}/removePassword", {"keyId": 5}),
    ("/v1.0/applications/{id}/removePassword", {}),
    ("/v1.0/applications/{id}/federatedIdentityCredentials",
     {"name": 5, "issuer": "https://x.test", "subject": "x", "audiences": ["x"]}),
    ("/v1.0/applications/{id}/federatedIdentityCredentials",
     {"name": "x", "issuer": "https://x.test", "subject": "x", "audiences": "x"}),
    ("/v1.0/servicePrincipals", {"appId": 5}),
    ("/v1.0/servicePrincipals", {"appId": "{appId}", "tags": "x"}),
    ("/v1.0/servicePrincipals", {"appId": "{appId}", "id": NOBODY}),
    ("/beta/roleManagement/exchange/roleAssignments", {"directoryScopeId": 5}),
    ("/beta/roleManagement/exchange/customAppScopes", {"displayName": 5}),
    ("/beta/roleManagement/exchange/customAppScopes", {"displayName": "x", "customAttributes": "x"}),
    ("/beta/roleManagement/exchange/customAppScopes", {"displayName": "x", "customAttributes": {"RecipientFilter": 5}}),
], ids=lambda value: str(value)[-60:])  # fmt: skip
def test_other_objects_refuse_wrong_types_too(graph: Graph, application: dict[str, Any], path: str, body: dict[str, Any]):
    body = {name: value.format(**application) if isinstance(value, str) else value for name, value in body.items()}
    assert error(graph("POST", path.format(**application), body))[:2] == (400, "Request_BadRequest")


def test_ids_are_compared_without_case(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    key = graph("POST", f"{path}/addPassword", {}).json()["keyId"]
    assert graph("POST", f"{path}/removePassword", {"keyId": key.upper()}).status_code == 204
    assert graph("GET", path).json()["passwordCredentials"] == []


def test_read_only_properties_may_be_sent_back_unchanged(graph: Graph, application: dict[str, Any]):
    """Microsoft's library writes timestamps in another form."""
    path = f"/v1.0/applications/{application['id']}"
    body = {"id": application["id"], "createdDateTime": application["createdDateTime"].replace("Z", "+00:00"), "notes": "x",
            "verifiedPublisher": {}}  # fmt: skip
    assert graph("PATCH", path, body).status_code == 204
    assert error(graph("PATCH", path, {"createdDateTime": "2020-01-01T00:00:00Z"}))[0] == 400


@pytest.mark.parametrize("given, shown", [
    ("2027-06-01T00:00:00Z", "2027-06-01T00:00:00Z"), ("2027-06-01T00:00:00.1234567Z", "2027-06-01T00:00:00.1234567Z"),
    ("2027-06-01T02:00:00.50+02:00", "2027-06-01T00:00:00.5Z"),
])  # fmt: skip
def test_a_secret_ends_at_the_given_time(graph: Graph, application: dict[str, Any], given: str, shown: str):
    body = {"passwordCredential": {"endDateTime": given}}
    assert graph("POST", f"/v1.0/applications/{application['id']}/addPassword", body).json()["endDateTime"] == shown


def test_a_secret_lasts_two_years_from_its_given_start(graph: Graph, application: dict[str, Any]):
    body = {"passwordCredential": {"startDateTime": "2028-02-29T00:00:00.1234567Z"}}
    made = graph("POST", f"/v1.0/applications/{application['id']}/addPassword", body).json()
    assert (made["startDateTime"], made["endDateTime"]) == ("2028-02-29T00:00:00.1234567Z", "2030-02-28T00:00:00.1234567Z")


def test_a_change_of_a_scope_keeps_other_properties(graph: Graph, unique: str):
    path = "/beta/roleManagement/exchange/customAppScopes"
    given = {"displayName": unique, "customAttributes": {"Exclusive": False, "RecipientFilter": "Alias -eq 'a'"}}
    made = graph("POST", path, given).json()
    assert graph("PATCH", f"{path}/{made['id']}", {"customAttributes": {"RecipientFilter": "Alias -eq 'b'"}}).status_code == 204
    found = graph("GET", f"{path}/{made['id']}").json()
    assert found["customAttributes"] == {"Exclusive": False, "RecipientFilter": "Alias -eq 'b'"}
    assert found["displayName"] == unique
    for change in ({"displayName": None}, {"id": NOBODY}):
        assert error(graph("PATCH", f"{path}/{made['id']}", change))[0] == 400


def test_a_federated_credential_keeps_required_properties(graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}/federatedIdentityCredentials"
    body = {"name": "ci", "issuer": "https://ci.test", "subject": "repo:x", "audiences": ["api://AzureADTokenExchange"]}
    graph("POST", path, body)
    assert graph("PATCH", f"{path}/ci", {"subject": "repo:y"}).status_code == 204
    for change in ({"issuer": None}, {"id": NOBODY}, {"audiences": 5}, {"colour": "red"}):
        assert error(graph("PATCH", f"{path}/ci", change))[:2] == (400, "Request_BadRequest")
    assert graph("GET", f"{path}/ci").json()["subject"] == "repo:y"
