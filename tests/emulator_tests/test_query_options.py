# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OData: pages, $filter, $select, $top, $orderby, and the errors of Graph for unsupported ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import Running
from helpers.graph_requests import error, mail
from requests import Response

Graph = Callable[..., Response]
EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture(scope="module")
def named(entra: Running, token: str) -> list[str]:
    """Create five applications."""
    names = [f"Q'{number}" for number in range(5)]
    for name in names:
        assert entra.graph(token, "POST", "/v1.0/applications", {"displayName": name, "tags": ["q"]}).status_code == 201
    return names


def walk(ask: Graph, path: str, **options: Any) -> tuple[list[dict[str, Any]], int]:
    """Return all pages, following each link unchanged, and the number of pages."""
    found, pages, link = [], 0, path
    while link:
        answer = ask("GET", link.removeprefix(link.split("/v1.0/")[0]) if link.startswith("http") else link, **options)
        assert answer.status_code == 200, answer.text
        assert "@odata.context" in answer.json()
        found += answer.json()["value"]
        pages += 1
        link = answer.json().get("@odata.nextLink", "")
    return found, pages


@pytest.mark.parametrize("filter_, count", [
    ("displayName eq 'Q''0'", 1), ("displayName eq 'q''0'", 1), ("startsWith(displayName,'Q''')", 5),
    ("displayName in ('Q''0', 'Q''1')", 2), ("displayName eq 'Q''0' or displayName eq 'Q''1'", 2),
    ("tags/any(t:t gt 5)", 0),
    ("tags/any(t:t eq 'q')", 5), ("displayName eq 'none'", 0), ("displayName eq 'Q''0' and signInAudience eq 'AzureADMyOrg'", 1),
])  # fmt: skip
def test_filter(graph: Graph, named: list[str], filter_: str, count: int):
    assert len(graph("GET", "/v1.0/applications", params={"$filter": filter_}).json()["value"]) == count


@pytest.mark.parametrize("params, headers, code", [
    ({"$filter": "displayName ne 'x'"}, {}, "Request_UnsupportedQuery"),
    ({"$filter": "not(displayName eq 'x')"}, {}, "Request_UnsupportedQuery"),
    ({"$filter": "endsWith(displayName,'x')"}, {}, "Request_UnsupportedQuery"),
    ({"$filter": "notes eq 'x'"}, {}, "Request_UnsupportedQuery"),
    ({"$filter": "colour eq 'x'"}, {}, "BadRequest"),
    ({"$filter": "notes/$count eq 0"}, EVENTUAL, "Request_UnsupportedQuery"),
    ({"$filter": "owners/$count eq 'x'"}, EVENTUAL, "BadRequest"),
    ({"$filter": "displayName eq"}, {}, "BadRequest"),
    ({"$filter": "displayName = 'x'"}, {}, "BadRequest"),
    ({"$filter": "createdDateTime ge 2026-13-01T00:00:00Z"}, {}, "BadRequest"),
    ({"$orderby": "web"}, {}, "BadRequest"),
    ({"$orderby": "passwordCredentials desc"}, {}, "BadRequest"),
    ({"$search": '"displayName:x"'}, {}, "Request_UnsupportedQuery"),
    ({"$select": "id,colour"}, {}, "BadRequest"),
    ({"$top": "0"}, {}, "BadRequest"),
    ({"$top": "1000"}, {}, "Request_UnsupportedQuery"),
    ({"$top": "many"}, {}, "BadRequest"),
    ({"$skip": "1"}, {}, "Request_BadRequest"),
    ({"$orderby": "displayName", "$filter": "startsWith(displayName,'Q')"}, {}, "Request_UnsupportedQuery"),
    ({"$colour": "red"}, {}, "BadRequest"),
    ({"$skiptoken": "invented"}, {}, "Directory_ExpiredPageToken"),
], ids=str)  # fmt: skip
def test_refused(graph: Graph, params: dict[str, str], headers: dict[str, str], code: str):
    assert error(graph("GET", "/v1.0/applications", params=params, headers=headers))[:2] == (400, code)


@pytest.mark.parametrize("params", [
    {"$filter": "displayName ne 'x'"}, {"$filter": "endsWith(displayName,'0')"}, {"$filter": "not(displayName eq 'x')"},
    {"$orderby": "displayName", "$filter": "startsWith(displayName,'Q')"},
], ids=str)  # fmt: skip
def test_advanced_queries_need_a_header(graph: Graph, named: list[str], params: dict[str, str]):
    answer = graph("GET", "/v1.0/applications", params={**params, "$count": "true"}, headers=EVENTUAL)
    assert answer.status_code == 200
    assert answer.json()["@odata.count"] >= 1


@pytest.mark.parametrize("path, more", [
    ("/applications", ""), ("/servicePrincipals", ""), ("/users", ""),
    ("/applications", "?$filter=startsWith(displayName,'Q''')"),
    ("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')/appRoleAssignedTo", ""),
    ("/servicePrincipals/{principal}/appRoleAssignments", ""),
    ("/applications/{application}/federatedIdentityCredentials", ""),
    ("/directory/deletedItems/microsoft.graph.application", ""),
])  # fmt: skip
def test_the_count_segment_needs_the_header(
    graph: Graph, named: list[str], application: dict[str, Any], principal: dict[str, Any], path: str, more: str
):
    path = "/v1.0" + path.format(application=application["id"], principal=principal["id"])
    assert error(graph("GET", f"{path}/$count{more}"))[:2] == (400, "Request_UnsupportedQuery")
    answer = graph("GET", f"{path}/$count{more}", headers=EVENTUAL)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain")
    assert int(answer.text) == len(walk(graph, path + (more or "?$top=999"))[0])


@pytest.mark.parametrize("path", [
    "/v1.0/applications/{id}/$count", "/v1.0/colours/$count", "/v1.0/$count", "/v1.0/applications/$colour",
])  # fmt: skip
def test_only_collections_have_a_count(graph: Graph, application: dict[str, Any], path: str):
    assert error(graph("GET", path.format(**application), headers=EVENTUAL))[:2] == (400, "BadRequest")


def test_a_filter_may_compare_counts(graph: Graph, application: dict[str, Any]):
    user = graph("GET", "/v1.0/users?$filter=displayName eq 'Anna'").json()["value"][0]["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
    assert graph("POST", f"/v1.0/applications/{application['id']}/owners/$ref", reference).status_code == 204
    for number in (0, 1):
        params = {"$filter": f"owners/$count eq {number} and id eq '{application['id']}'", "$count": "true"}
        assert error(graph("GET", "/v1.0/applications", params=params))[:2] == (400, "Request_UnsupportedQuery")
        assert graph("GET", "/v1.0/applications", params=params, headers=EVENTUAL).json()["@odata.count"] == number


def test_count_is_ignored_without_the_header(graph: Graph):
    assert "@odata.count" not in graph("GET", "/v1.0/applications?$count=true").json()


def test_select_returns_nothing_else(graph: Graph, named: list[str]):
    answer = graph("GET", "/v1.0/applications?$select=displayName,appId&$filter=displayName eq 'Q''0'").json()
    assert answer["@odata.context"].endswith("#applications(displayName,appId)")
    assert set(answer["value"][0]) == {"displayName", "appId"}


def test_options_without_the_dollar_are_accepted(graph: Graph, named: list[str]):
    assert set(graph("GET", "/v1.0/applications?select=id&top=1").json()["value"][0]) == {"id"}


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_contain_every_item_once(graph: Graph, named: list[str], size: int):
    found, pages = walk(graph, f"/v1.0/applications?$filter=startsWith(displayName,'Q''')&$top={size}&$select=id,displayName")
    assert sorted(one["displayName"] for one in found) == named
    assert pages == -(-5 // size)


def test_guid_properties_refuse_text(graph: Graph, entra: Running, principal: dict[str, Any]):
    path = f"/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments"
    status, code, message = error(graph("GET", path, params={"$filter": f"resourceId eq '{principal['id']}'"}))
    assert (status, code) == (400, "BadRequest")
    assert "'Edm.Guid' and 'Edm.String' for operator kind 'Equal'" in message
    assert graph("GET", path, params={"$filter": f"resourceId eq {principal['id']}"}).status_code == 200


@pytest.mark.parametrize("params, code", [
    ({"$filter": "isRead eq false", "$orderby": "receivedDateTime"}, "InefficientFilter"),
    ({"$filter": "isRead eq false and receivedDateTime ge 1900-01-01T00:00:00Z", "$orderby": "receivedDateTime"},
     "InefficientFilter"),
    ({"$top": "1001"}, "ErrorInvalidParameter"),
    ({"$select": "colour"}, "RequestBroker--ParseUri"),
    ({"$filter": "receivedDateTime ge 'yesterday'"}, "BadRequest"),
    ({"$filter": "isRead eq 'false'"}, "BadRequest"),
    ({"$filter": "bodyPreview eq 'x'"}, "ErrorInvalidUrlQueryFilter"),
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
    assert "$skip=10" in answer["@odata.nextLink"] or "%24skip=10" in answer["@odata.nextLink"]


@pytest.mark.parametrize("params, headers, sizes", [
    ({}, {}, [10, 2]), ({"$top": "5"}, {}, [5, 5, 2]), ({"$top": "1000"}, {}, [12]),
    ({}, {"Prefer": "odata.maxpagesize=7"}, [7, 5]),
    ({"$top": "5", "$skip": "6"}, {}, [5, 1]),
])  # fmt: skip
def test_sizes_of_pages(graph: Graph, full: str, params: dict[str, str], headers: dict[str, str], sizes: list[int]):
    found, link = [], f"/v1.0/users/{full}/messages"
    while link:
        answer = graph("GET", "/v1.0/" + link.partition("/v1.0/")[2], params=params, headers=headers).json()
        found.append(len(answer["value"]))
        link, params = answer.get("@odata.nextLink", ""), {}
    assert found == sizes


def test_oldest_first_with_a_filter_on_the_date(graph: Graph, full: str):
    params = {"$filter": "receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false", "$orderby": "receivedDateTime",
              "$top": "50", "$count": "true"}  # fmt: skip
    answer = graph("GET", f"/v1.0/users/{full}/mailFolders/inbox/messages", params=params).json()
    assert [one["subject"] for one in answer["value"]] == [f"Number {number}" for number in range(12)]
    assert answer["@odata.count"] == 12


def test_items_that_leave_the_filter_shift_the_pages(graph: Graph, full: str):
    """As in Graph, next links use offsets: a client that marks messages while it reads pages skips some."""
    first = graph("GET", f"/v1.0/users/{full}/messages?$filter=isRead eq false&$top=6").json()
    for message in first["value"]:
        graph("PATCH", f"/v1.0/users/{full}/messages/{message['id']}", {"isRead": True})
    second = graph("GET", "/v1.0/" + first["@odata.nextLink"].partition("/v1.0/")[2]).json()
    assert second["value"] == []


@pytest.mark.parametrize("search, count", [('"Number 3"', 1), ('"subject:number"', 12), ("number", 12), ('"nothing"', 0)])
def test_messages_are_searched(graph: Graph, full: str, search: str, count: int):
    answer = graph("GET", f"/v1.0/users/{full}/messages", params={"$search": search, "$top": "50"})
    assert len(answer.json()["value"]) == count


@pytest.mark.parametrize("more, code", [
    ({"$filter": "isRead eq false"}, "SearchWithFilter"), ({"$orderby": "receivedDateTime"}, "SearchWithOrderBy"),
])  # fmt: skip
def test_a_search_of_messages_excludes_other_options(graph: Graph, mailbox: str, more: dict[str, str], code: str):
    answer = graph("GET", f"/v1.0/users/{mailbox}/messages", params={"$search": '"x"', **more})
    assert error(answer)[:2] == (400, code)


def test_the_directory_is_searched_with_the_header(graph: Graph, named: list[str]):
    params = {"$search": '"displayName:Q\'"', "$count": "true"}
    assert graph("GET", "/v1.0/applications", params=params, headers=EVENTUAL).json()["@odata.count"] == 5
    assert error(graph("GET", "/v1.0/applications", params={"$search": "Q"}, headers=EVENTUAL))[0] == 400


def test_expand(graph: Graph, principal: dict[str, Any]):
    path = f"/v1.0/servicePrincipals/{principal['id']}"
    assert graph("GET", f"{path}?$expand=appRoleAssignments").json()["appRoleAssignments"] == []
    assert graph("GET", "/v1.0/applications?$expand=owners&$top=1&$select=id").json()["value"][0]["owners"] == []
    assert error(graph("GET", f"{path}?$expand=colours"))[:2] == (400, "BadRequest")


def test_me_is_for_users(graph: Graph):
    assert error(graph("GET", "/v1.0/me/messages"))[:2] == (400, "BadRequest")


@pytest.fixture(scope="module")
def people(entra: Running) -> str:
    """Create two users; return the beginning of their names."""
    entra.user("berta", display_name="Berta Find Me", properties={
        "department": "Post", "jobTitle": "Clerk", "employeeId": "7", "city": "Bonn", "companyName": "Contoso",
        "usageLocation": "FR"})  # fmt: skip
    entra.user("bruno", display_name="Bruno Find Me", properties={"department": "Bank", "city": "Bern"})
    return "b"


@pytest.mark.parametrize("search, names", [
    ('"displayName:find me"', {"Berta", "Bruno"}),
    ('"mail:berta"', {"Berta"}), ('"userPrincipalName:bruno@"', {"Bruno"}), ('"mail:erta"', set()),
    ('"mail:berta" OR "mail:bruno"', {"Berta", "Bruno"}),
    ('"displayName:find" AND "mail:bruno"', {"Bruno"}),
    ('"mail:none" AND "mail:berta" OR "mail:bruno"', {"Bruno"}),
])  # fmt: skip
def test_users_are_searched_for(graph: Graph, people: str, search: str, names: set[str]):
    found = graph("GET", "/v1.0/users", params={"$search": search}, headers=EVENTUAL).json()["value"]
    assert {one["displayName"].split()[0] for one in found} == names


@pytest.mark.parametrize("search", [
    "mail:berta", '"mail:berta" or "mail:bruno"', '"mail:berta" OR', '"colour:red"', '"berta"', '"accountEnabled:true"',
])  # fmt: skip
def test_a_malformed_search_is_refused(graph: Graph, search: str):
    assert error(graph("GET", "/v1.0/users", params={"$search": search}, headers=EVENTUAL))[:2] == (400, "BadRequest")


@pytest.mark.parametrize("filter_, advanced", [
    ("department eq 'Post'", False), ("jobTitle eq 'Clerk'", False), ("employeeId eq '7'", False),
    ("usageLocation eq 'FR'", False),
    ("startsWith(city,'Bonn')", False), ("createdDateTime ge 2020-01-01T00:00:00Z and mail eq 'berta@contoso.test'", False),
    ("companyName eq 'Contoso'", True), ("assignedLicenses/$count eq 1 and department eq 'Post'", True),
])  # fmt: skip
def test_filter_of_users(graph: Graph, people: str, filter_: str, advanced: bool):
    params = {"$filter": filter_, "$count": "true"}
    if advanced:
        assert error(graph("GET", "/v1.0/users", params=params))[:2] == (400, "Request_UnsupportedQuery")
    found = graph("GET", "/v1.0/users", params=params, headers=EVENTUAL if advanced else {}).json()["value"]
    assert [one["displayName"] for one in found] == ["Berta Find Me"]


def test_select_of_users(graph: Graph, people: str):
    names = "city,state,employeeType,identities,imAddresses,department"
    found = graph("GET", f"/v1.0/users/berta@contoso.test?$select={names}").json()
    assert {name: found[name] for name in names.split(",")} == {
        "city": "Bonn", "state": None, "employeeType": None, "imAddresses": [], "department": "Post",
        "identities": [
            {"signInType": "userPrincipalName", "issuer": "contoso.test", "issuerAssignedId": "berta@contoso.test"}],
    }  # fmt: skip


def test_applications_are_found_by_their_addresses(graph: Graph, application: dict[str, Any]):
    address = f"https://{application['appId']}.test/cb"
    assert graph("PATCH", f"/v1.0/applications/{application['id']}", {"web": {"redirectUris": [address]}}).status_code == 204
    params = {"$filter": f"web/redirectUris/any(p:p eq '{address}')", "$count": "true"}
    assert error(graph("GET", "/v1.0/applications", params=params))[:2] == (400, "Request_UnsupportedQuery")
    found = graph("GET", "/v1.0/applications", params=params, headers=EVENTUAL).json()
    assert [one["id"] for one in found["value"]] == [application["id"]]
