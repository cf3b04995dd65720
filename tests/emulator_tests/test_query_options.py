# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OData: pages, $filter, $select, $top, $orderby, and the errors of Graph for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, TENANT, Running
from helpers.graph_requests import error, mail
from requests import Response

Graph = Callable[..., Response]


@pytest.fixture(scope="module")
def named(entra: Running) -> list[str]:
    """Create 125 applications: a page holds a hundred."""
    names = [f"Q'{number}" for number in range(125)]
    entra.seed({"id": TENANT, "domains": [DOMAIN], "applications": [{"display_name": name} for name in names]})
    return names


def walk(ask: Graph, path: str) -> tuple[list[dict[str, Any]], int]:
    """Return all pages, following each link unchanged, and the number of pages."""
    found, pages, link = [], 0, path
    while link:
        answer = ask("GET", link.removeprefix(link.split("/v1.0/")[0]))
        assert answer.status_code == 200, answer.text
        assert "@odata.context" in answer.json()
        found += answer.json()["value"]
        pages += 1
        link = answer.json().get("@odata.nextLink", "")
    return found, pages


@pytest.mark.parametrize("filter_, count", [
    ("displayName eq 'Q''0'", 1), ("displayName eq 'q''0'", 1), ("displayName eq 'none'", 0),
    ("displayName eq 'Q''0' and displayName eq 'Q''1'", 0),
])  # fmt: skip
def test_filter(graph: Graph, named: list[str], filter_: str, count: int):
    assert len(graph("GET", "/v1.0/applications", params={"$filter": filter_}).json()["value"]) == count


@pytest.mark.parametrize("params, code", [
    ({"$filter": "publisherDomain eq 'x'"}, "Request_UnsupportedQuery"),
    ({"$filter": "displayName ne 'x'"}, "BadRequest"),
    ({"$filter": "displayName eq 'x' or displayName eq 'y'"}, "BadRequest"),
    ({"$filter": "startsWith(displayName,'x')"}, "BadRequest"),
    ({"$filter": "colour eq 'x'"}, "BadRequest"),
    ({"$filter": "displayName eq"}, "BadRequest"),
    ({"$filter": "displayName = 'x'"}, "BadRequest"),
    ({"$filter": ""}, "BadRequest"),
    ({"$filter": "displayName eq 2026-12-01T00:00:00Z"}, "BadRequest"),
    ({"$filter": "createdDateTime ge 2026-13-01T00:00:00Z"}, "BadRequest"),
    ({"$select": "id,colour"}, "BadRequest"),
    ({"$top": "5"}, "BadRequest"),
    ({"$search": '"displayName:x"'}, "BadRequest"),
    ({"select": "id"}, "BadRequest"),
    ({"$skiptoken": "invented"}, "Directory_ExpiredPageToken"),
], ids=str)  # fmt: skip
def test_refused(graph: Graph, params: dict[str, str], code: str):
    assert error(graph("GET", "/v1.0/applications", params=params))[:2] == (400, code)


def test_an_unsupported_option_of_one_object(graph: Graph):
    assert error(graph("GET", "/v1.0/users/anna@contoso.test?$expand=manager"))[:2] == (400, "BadRequest")


def test_select_returns_nothing_else(graph: Graph, named: list[str]):
    answer = graph("GET", "/v1.0/applications?$select=displayName,appId&$filter=displayName eq 'Q''0'").json()
    assert answer["@odata.context"].endswith("#applications(displayName,appId)")
    assert set(answer["value"][0]) == {"displayName", "appId"}


def test_pages_contain_every_item_once(graph: Graph, named: list[str]):
    found, pages = walk(graph, "/v1.0/applications?$select=id,displayName")
    assert sorted(one["displayName"] for one in found if one["displayName"].startswith("Q'")) == sorted(named)
    assert pages == -(-len(found) // 100) and len({one["id"] for one in found}) == len(found)


@pytest.mark.parametrize("params, code", [
    ({"$filter": "isRead eq false", "$orderby": "receivedDateTime"}, "InefficientFilter"),
    ({"$filter": "isRead eq false and receivedDateTime ge 1900-01-01T00:00:00Z", "$orderby": "receivedDateTime"},
     "InefficientFilter"),
    ({"$top": "1001"}, "ErrorInvalidParameter"), ({"$top": "many"}, "BadRequest"), ({"$skip": "-1"}, "BadRequest"),
    ({"$select": "colour"}, "RequestBroker--ParseUri"),
    ({"$orderby": "toRecipients"}, "BadRequest"), ({"$orderby": "colour"}, "BadRequest"),
    ({"$filter": "receivedDateTime ge 'yesterday'"}, "BadRequest"),
    ({"$filter": "isRead eq 'false'"}, "BadRequest"),
    ({"$filter": "subject eq 'x'"}, "ErrorInvalidUrlQueryFilter"),
    ({"$search": '"x"'}, "BadRequest"), ({"$expand": "attachments"}, "BadRequest"),
])  # fmt: skip
def test_refused_of_messages(graph: Graph, mailbox: str, params: dict[str, str], code: str):
    assert error(graph("GET", f"/v1.0/users/{mailbox}/messages", params=params))[:2] == (400, code)


@pytest.fixture
def full(entra: Running, mailbox: str) -> str:
    for number in range(12):
        entra.put_message(mailbox, mail(mailbox, f"Number {number}", more=f"Message-ID: <{number}@x>\r\n"))
    return mailbox


def test_messages_are_listed_ten_a_page_newest_first(graph: Graph, full: str):
    answer = graph("GET", f"/v1.0/users/{full}/mailFolders/inbox/messages").json()
    assert [one["subject"] for one in answer["value"]] == [f"Number {number}" for number in range(11, 1, -1)]
    assert "%24skip=10" in answer["@odata.nextLink"]


@pytest.mark.parametrize("params, sizes", [
    ({}, [10, 2]), ({"$top": "5"}, [5, 5, 2]), ({"$top": "1000"}, [12]), ({"$top": "5", "$skip": "6"}, [5, 1]),
])  # fmt: skip
def test_sizes_of_pages(graph: Graph, full: str, params: dict[str, str], sizes: list[int]):
    found, link = [], f"/v1.0/users/{full}/messages"
    while link:
        answer = graph("GET", "/v1.0/" + link.partition("/v1.0/")[2], params=params).json()
        found.append(len(answer["value"]))
        link, params = answer.get("@odata.nextLink", ""), {}
    assert found == sizes


@pytest.mark.parametrize("order", ["receivedDateTime", "receivedDateTime desc"])
def test_by_date_with_a_filter_on_it(graph: Graph, full: str, order: str):
    params = {"$filter": "receivedDateTime gt 1900-01-01T00:00:00Z and isRead eq false", "$orderby": order, "$top": "50"}
    answer = graph("GET", f"/v1.0/users/{full}/mailFolders/inbox/messages", params=params).json()
    found = [one["receivedDateTime"] for one in answer["value"]]
    assert len(found) == 12 and found == sorted(found, reverse=order.endswith("desc"))


def test_items_that_leave_the_filter_shift_the_pages(graph: Graph, full: str):
    """As in Graph, next links use offsets: a client that marks messages while it reads pages skips some."""
    first = graph("GET", f"/v1.0/users/{full}/messages?$filter=isRead eq false&$top=6").json()
    for message in first["value"]:
        graph("PATCH", f"/v1.0/users/{full}/messages/{message['id']}", {"isRead": True})
    second = graph("GET", "/v1.0/" + first["@odata.nextLink"].partition("/v1.0/")[2]).json()
    assert second["value"] == []


def test_me_is_for_users(graph: Graph):
    assert error(graph("GET", "/v1.0/me/messages"))[:2] == (400, "BadRequest")
