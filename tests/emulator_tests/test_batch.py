# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON batching ($batch)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import Running
from helpers.graph_requests import error, mail
from helpers.waiting import PATIENCE
from requests import Response

Graph = Callable[..., Response]
JSON = {"Content-Type": "application/json"}


def batch(ask: Graph, *steps: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the responses by id."""
    answer = ask("POST", "/v1.0/$batch", {"requests": list(steps)})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


@pytest.fixture
def ids(entra: Running, mailbox: str) -> list[str]:
    return [entra.put_message(mailbox, mail(mailbox, f"{number}"))["immutable_id"] for number in range(3)]


def test_each_has_its_own_status_and_body(graph: Graph, mailbox: str, ids: list[str], entra: Running):
    box = f"/users/{mailbox}/messages"
    found = batch(
        graph,
        {"id": "1", "method": "PATCH", "url": f"{box}/{ids[0]}", "headers": JSON, "body": {"isRead": True}},
        {"id": "2", "method": "GET", "url": f"{box}/{ids[1]}/$value"},
        {"id": "3", "method": "GET", "url": f"{box}/AAMkNothing/$value"},
        {"id": "4", "method": "POST", "url": f"{box}/{ids[2]}/move", "headers": JSON, "body": {"destinationId": "archive"}},
        {"id": "5", "method": "GET", "url": "/colours"},
        {"id": "6", "method": "GET", "url": f"{box}?$filter=isRead eq true&$select=subject"},
        {"id": "7", "method": "DELETE", "url": f"{box}/{ids[1]}"},
    )  # fmt: skip
    assert {key: one["status"] for key, one in found.items()} == {
        "1": 200, "2": 200, "3": 404, "4": 201, "5": 400, "6": 200, "7": 204}  # fmt: skip
    assert b"Subject: 1" in base64.b64decode(found["2"]["body"])
    assert found["3"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert found["6"]["body"]["value"][0]["subject"] == "0"
    assert "body" not in found["7"]
    assert found["1"]["headers"]["Content-Type"].startswith("application/json")
    assert f"PATCH /v1.0/users/{mailbox}/messages/{ids[0]} 200" in entra.control("GET", "requests")["counts"]


def test_the_log_names_the_requests_of_a_batch(graph: Graph, entra: Running):
    entra.forget_requests()
    batch(graph, *({"id": str(number), "method": "GET", "url": "/users/anna@contoso.test"} for number in range(3)))
    graph("GET", "/v1.0/users/anna@contoso.test")
    found = [(one["method"], one["path"], one["in_batch"]) for one in entra.requests()]
    anna = ("GET", "/v1.0/users/anna@contoso.test")
    assert found == [(*anna, True)] * 3 + [("POST", "/v1.0/$batch", False), (*anna, False)]


def test_the_order_of_the_answers_is_free(graph: Graph):
    steps = [{"id": str(number), "method": "GET", "url": "/users/anna@contoso.test"} for number in range(20)]
    orders = {
        tuple(one["id"] for one in graph("POST", "/v1.0/$batch", {"requests": steps}).json()["responses"]) for _ in range(3)
    }
    assert len(orders) > 1


def test_preferences_are_each_requests_own(graph: Graph, mailbox: str, ids: list[str]):
    found = batch(
        graph,
        {"id": "1", "method": "GET", "url": f"/users/{mailbox}/messages?$select=id"},
        {"id": "2", "method": "GET", "url": f"/users/{mailbox}/messages?$select=id",
         "headers": {"Prefer": 'IdType="ImmutableId"'}},
    )  # fmt: skip
    own, immutable = ({one["id"] for one in found[key]["body"]["value"]} for key in ("1", "2"))
    assert immutable == set(ids) and own.isdisjoint(ids)


def test_one_of_them_may_be_throttled(entra: Running, graph: Graph, mailbox: str, ids: list[str]):
    entra.fault("throttle", path=ids[0], retry_after=2)
    found = batch(graph, *(
        {"id": str(number), "method": "GET", "url": f"/users/{mailbox}/messages/{key}/$value"}
        for number, key in enumerate(ids)
    ))  # fmt: skip
    assert {key: one["status"] for key, one in found.items()} == {"0": 429, "1": 200, "2": 200}
    assert found["0"]["headers"]["Retry-After"] == "2"


def test_a_write_without_a_body_of_its_own_needs_an_empty_one(graph: Graph, application: dict[str, Any]):
    """A POST of addPassword needs no body when it is sent alone."""
    path = f"/applications/{application['id']}/addPassword"
    assert graph("POST", f"/v1.0{path}").status_code == 200
    found = batch(graph, {"id": "1", "method": "POST", "url": path, "headers": JSON, "body": {}})
    assert (found["1"]["status"], len(found["1"]["body"]["secretText"])) == (200, 40)


def test_null_in_a_request_is_ignored(graph: Graph):
    step = {"method": "GET", "url": "/users/anna@contoso.test"}
    found = batch(graph, {"id": "1", **step, "headers": None}, {"id": "2", **step, "body": None})
    assert {key: one["status"] for key, one in found.items()} == {"1": 200, "2": 200}


@pytest.mark.parametrize("requests, words", [
    ([{"id": str(n), "method": "GET", "url": "/users/anna@contoso.test"} for n in range(21)], "exceeds the maximum value of 20"),
    ([], "Invalid batch payload"),
    ([{"id": "1", "method": "GET"}], "Invalid batch payload"),
    ([{"id": "1", "method": "GET", "url": "/a"}] * 2, "not unique"),
    ([{"id": "1", "method": "PATCH", "url": "/a", "body": {}}], "Content-Type"),
    *(([{"id": "7", "method": method, "url": "/applications/x/addPassword", **more}],
       "Write request id : 7 does not contain Content-Type header or body.")
      for method in ("POST", "PATCH", "PUT") for more in ({}, {"headers": JSON}, {"headers": JSON, "body": None})),
    ([{"id": "1", "method": "GET", "url": "/a", "dependsOn": ["2"]}], "Invalid batch payload"),
    ([{"id": "1", "method": "GET", "url": "/a", "headers": ["x"]}], "Invalid batch payload"),
    ([{"id": "1", "method": "GET", "url": 5}], "Invalid batch payload"),
    (["x"], "Invalid batch payload"),
], ids=lambda value: str(value)[:30])  # fmt: skip
def test_a_batch_is_refused_as_a_whole(graph: Graph, requests: list[dict[str, Any]], words: str):
    status, code, message = error(graph("POST", "/v1.0/$batch", {"requests": requests}))
    assert (status, code) == (400, "BadRequest")
    assert words in message


def test_a_batch_needs_a_token(entra: Running):
    answer = entra.session.post(f"{entra.url}/v1.0/$batch", json={"requests": []}, timeout=PATIENCE)
    assert error(answer)[:2] == (401, "InvalidAuthenticationToken")
