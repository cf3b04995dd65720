# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that the emulator produces on request: throttling, errors, lost responses, replication lag."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import Running
from emulator_tests.test_applications import GRAPH, SEND
from helpers.graph_requests import create, error, mail
from helpers.waiting import PATIENCE
from requests import ConnectionError, Response

Graph = Callable[..., Response]
ANNA = "/v1.0/users/anna@contoso.test"


@pytest.mark.parametrize("fault, expected, retry_after", [
    ({"kind": "throttle"}, (429, "TooManyRequests"), "1"),
    ({"kind": "throttle", "retry_after": 7}, (429, "TooManyRequests"), "7"),
    ({"kind": "fail", "status": 500}, (500, "InternalServerError"), None), ({"kind": "fail"}, (503, "ServiceUnavailable"), None),
    ({"kind": "fail", "status": 504}, (504, "GatewayTimeout"), None),
    ({"kind": "fail", "status": 503, "retry_after": 3, "code": "Directory_ConcurrencyViolation"},
     (503, "Directory_ConcurrencyViolation"), "3"),
], ids=str)  # fmt: skip
def test_error_responses_of_a_failing_service(
    entra: Running, graph: Graph, fault: dict[str, Any], expected: tuple[int, str], retry_after: str | None
):
    entra.fault(**fault, times=1)
    answer = graph("GET", ANNA)
    assert error(answer)[:2] == expected
    assert answer.headers.get("Retry-After") == retry_after
    assert graph("GET", ANNA).status_code == 200


def test_a_fault_affects_only_matching_requests(entra: Running, graph: Graph):
    entra.fault("fail", method="GET", path="^/v1.0/users/anna", after=1, times=2)
    assert graph("GET", "/v1.0/applications").status_code == 200
    assert [graph("GET", ANNA).status_code for _ in range(4)] == [200, 503, 503, 200]


def test_a_lost_response_to_a_creation(entra: Running, graph: Graph, unique: str):
    for fault, count in (("lose", 1), ("refuse_connection", 0)):
        entra.fault(fault, method="PATCH", path="/applications", times=1)
        with pytest.raises(ConnectionError):
            create(graph, f"{unique} {fault}")
        found = graph("GET", f"/v1.0/applications?$filter=displayName eq '{unique} {fault}'").json()["value"]
        assert len(found) == count


def test_the_login_fails_too(entra: Running, automation: dict[str, Any]):
    entra.fault("fail", path="/oauth2/", status=503, times=1)
    form = {"grant_type": "client_credentials", "client_id": automation["app_id"], "client_secret": automation["client_secret"],
            "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
    url = f"{entra.url}/6babcaad-604b-40ac-a9d7-9fd97c0b779f/oauth2/v2.0/token"
    assert [entra.session.post(url, data=form, timeout=PATIENCE).status_code for _ in range(2)] == [503, 200]


def test_an_unknown_fault_is_refused(entra: Running):
    with pytest.raises(AssertionError, match="There is no fault 'explode'"):
        entra.fault("explode")


def test_the_control_needs_its_token(entra: Running):
    assert entra.session.get(f"{entra.url}/_control/state", timeout=PATIENCE).status_code == 401


def test_a_fifth_concurrent_request_is_throttled(entra: Running, token: str, mailbox: str):
    entra.options(mailbox_seconds=0.5)
    statuses: list[tuple[int, str]] = []

    def ask() -> None:
        answer = entra.graph(token, "GET", f"/v1.0/users/{mailbox}/messages")
        statuses.append((answer.status_code, answer.headers.get("Retry-After", "")))

    try:
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        entra.options(mailbox_seconds=0.0)
    assert sorted(statuses) == [(200, "")] * 4 + [(429, "1")] * 2
    assert max(entra.state()["most_concurrent"].values()) == 4


@pytest.fixture
def _settled(entra: Running) -> Iterator[None]:
    yield
    entra.clear_faults()


@pytest.mark.usefixtures("_settled")
def test_reads_flap_and_then_agree(entra: Running, graph: Graph, unique: str):
    entra.lag(requests=9, replicas=3)
    made = create(graph, unique).json()
    statuses = [graph("GET", f"/v1.0/applications/{made['id']}").status_code for _ in range(20)]
    assert statuses[0:9].count(404) >= 3
    assert 200 in statuses[:9], "one replica has it at once"
    assert statuses[10:] == [200] * 10


@pytest.mark.usefixtures("_settled")
def test_a_change_is_seen_late_too(entra: Running, graph: Graph, application: dict[str, Any]):
    path = f"/v1.0/applications/{application['id']}"
    entra.lag(requests=3, replicas=1)
    assert graph("PATCH", path, {"displayName": "new"}).status_code == 204
    assert [graph("GET", path).json()["displayName"] == "new" for _ in range(5)] == [False, False, False, True, True]
    assert graph("DELETE", path).status_code == 204
    assert [graph("GET", path).status_code for _ in range(5)] == [200, 200, 200, 404, 404]


@pytest.mark.usefixtures("_settled")
def test_lag_makes_the_next_step_fail(entra: Running, graph: Graph, unique: str):
    resource = graph("GET", f"/v1.0/servicePrincipals(appId='{GRAPH}')").json()["id"]
    entra.lag(requests=2, replicas=1)
    application = create(graph, unique).json()

    def principal() -> Response:
        return graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})

    refused = [error(principal()) for _ in range(2)]
    assert {one[:2] for one in refused} == {(400, "Request_BadRequest")}
    assert "does not reference a valid application object" in refused[0][2]
    client = principal().json()["id"]
    body = {"principalId": client, "resourceId": resource, "appRoleId": SEND}
    path = f"/v1.0/servicePrincipals/{resource}/appRoleAssignedTo"
    assert [error(graph("POST", path, body))[2] for _ in range(2)] == ["Not a valid reference update."] * 2
    assert graph("POST", path, body).status_code == 201


@pytest.mark.usefixtures("_settled")
def test_a_new_secret_is_valid_after_a_delay(entra: Running, graph: Graph, principal: dict[str, Any]):
    entra.lag(requests=0, token_requests=2)
    path = f"/v1.0/applications(appId='{principal['appId']}')"
    secret = graph("POST", f"{path}/addPassword", {}).json()["secretText"]
    assert len(graph("GET", path).json()["passwordCredentials"]) == 1, "Graph shows it already"
    form = {"grant_type": "client_credentials", "client_id": principal["appId"], "client_secret": secret,
            "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
    url = f"{entra.url}/contoso.test/oauth2/v2.0/token"
    answers = [entra.session.post(url, data=form, timeout=PATIENCE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    assert answers[0].json()["error_codes"] == [7000215]


@pytest.mark.usefixtures("_settled")
def test_lag_by_the_clock(entra: Running, graph: Graph, unique: str):
    entra.lag(seconds=30, replicas=1)
    made = create(graph, unique).json()
    assert graph("GET", f"/v1.0/applications/{made['id']}").status_code == 404
    entra.advance(31)
    assert graph("GET", f"/v1.0/applications/{made['id']}").status_code == 200
    entra.advance(-31)


def test_another_client_uses_the_mailbox(entra: Running, graph: Graph, mailbox: str):
    made = entra.put_message(mailbox, mail(mailbox))
    entra.mark(mailbox, read=True, message=made["id"])
    [found] = graph("GET", f"/v1.0/users/{mailbox}/messages").json()["value"]
    assert (found["id"], found["isRead"]) == (made["id"], True)


def test_each_response_names_its_request(graph: Graph):
    answer = graph("GET", ANNA, headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    assert len(answer.headers["request-id"]) == 36
    refused = graph("GET", "/v1.0/colours", headers={"client-request-id": "mine"})
    assert refused.json()["error"]["innerError"]["client-request-id"] == "mine"
