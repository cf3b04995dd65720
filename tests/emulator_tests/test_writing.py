# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to the directory: complex properties are merged; wrong types are refused and leave nothing invalid behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator_tests.test_applications import GRAPH, NOBODY, SEND
from helpers.graph_requests import create, error
from requests import Response

Graph = Callable[..., Response]


def access(**change: Any) -> dict[str, Any]:
    return {"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SEND, "type": "Role"}], **change}]}


@pytest.mark.parametrize("body, words", [
    ({"displayName": 5}, "'displayName' of resource 'Application'"),
    ({"displayName": "x" * 257}, "'displayName' of resource 'Application'"),
    ({"keyCredentials": "y"}, "'keyCredentials' of resource 'Application'"),
    ({"keyCredentials": None}, "'keyCredentials' of resource 'Application'"),
    ({"keyCredentials": ["y"]}, "'keyCredentials' of resource 'Application'"),
    ({"keyCredentials": [{"key": 5}]}, "'key' of resource 'KeyCredential'"),
    ({"passwordCredentials": "y"}, "'passwordCredentials' of resource 'Application'"),
    ({"owners": [NOBODY]}, "'owners'"),
    (access(resourceAccess=["x"]), "'resourceAccess' of resource 'RequiredResourceAccess'"),
    (access(resourceAccess=[{"id": "nope", "type": "Role"}]), "'id' of resource 'ResourceAccess'"),
    (access(resourceAccess=[{"id": SEND}]), "'type' of resource 'ResourceAccess'"),
    (access(resourceAppId=5), "'resourceAppId' of resource 'RequiredResourceAccess'"),
], ids=lambda value: str(value)[:60])  # fmt: skip
def test_a_value_of_another_type_is_refused(
    graph: Graph, application: dict[str, Any], unique: str, body: dict[str, Any], words: str
):
    path = f"/v1.0/applications/{application['id']}"
    for answer in (create(graph, unique, {"displayName": "x", **body}), graph("PATCH", path, body)):
        status, code, message = error(answer)
        assert (status, code) == (400, "Request_BadRequest")
        assert words in message
    assert graph("GET", path).json() == application | {"@odata.context": graph("GET", path).json()["@odata.context"]}


@pytest.mark.parametrize("path, body", [
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": "x"}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"endDateTime": 5}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"endDateTime": "soon"}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"endDateTime": "9999-12-31T23:59:59-01:00"}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"secretText": "mine"}}),
    ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"displayName": 5}}),
    ("/v1.0/applications/{id}/removePassword", {"keyId": 5}),
    ("/v1.0/applications/{id}/removePassword", {}),
    ("/v1.0/servicePrincipals", {"appId": 5}),
    ("/v1.0/servicePrincipals", {}),
    ("/v1.0/servicePrincipals", {"appId": "{appId}", "servicePrincipalNames": "x"}),
    ("/v1.0/servicePrincipals", {"appId": "{appId}", "id": NOBODY}),
    ("/beta/roleManagement/exchange/roleAssignments", {"directoryScopeId": 5}),
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
    body = {"id": application["id"], "createdDateTime": application["createdDateTime"].replace("Z", "+00:00"),
            "displayName": "x"}  # fmt: skip
    assert graph("PATCH", path, body).status_code == 204
    assert error(graph("PATCH", path, {"createdDateTime": "2020-01-01T00:00:00Z"}))[0] == 400


@pytest.mark.parametrize("given, shown", [
    ("2027-06-01T00:00:00Z", "2027-06-01T00:00:00Z"), ("2027-06-01T00:00:00.1234567Z", "2027-06-01T00:00:00.1234567Z"),
    ("2027-06-01T02:00:00.50+02:00", "2027-06-01T00:00:00.5Z"),
])  # fmt: skip
def test_a_secret_ends_at_the_given_time(graph: Graph, application: dict[str, Any], given: str, shown: str):
    body = {"passwordCredential": {"endDateTime": given}}
    assert graph("POST", f"/v1.0/applications/{application['id']}/addPassword", body).json()["endDateTime"] == shown


def test_a_secret_ends_after_it_begins(graph: Graph, application: dict[str, Any]):
    body = {"passwordCredential": {"endDateTime": "2020-01-01T00:00:00Z"}}
    answer = graph("POST", f"/v1.0/applications/{application['id']}/addPassword", body)
    assert error(answer)[:2] == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
