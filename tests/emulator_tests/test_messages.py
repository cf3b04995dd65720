# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes: permissions, folders, messages, marking, moving, deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error, mail, send
from requests import Response

Graph = Callable[..., Response]
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
NO_MESSAGE = "AAMkAGI2THVSAAA="


@pytest.fixture
def message(entra: Running, graph: Graph, mailbox: str) -> dict[str, Any]:
    """Return one message in the Inbox in Graph's representation."""
    entra.put_message(mailbox, mail(
        f"Replies <{mailbox}>", "Grüße", sender="Björn <bjoern@elsewhere.test>", body="First line\r\nÄnderung\r\n",
        more="Message-ID: <one@elsewhere.test>\r\nX-Mine: 1\r\nCc: c@elsewhere.test\r\n",
    ))  # fmt: skip
    found: dict[str, Any] = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/inbox/messages").json()["value"][0]
    return found


def test_the_properties_of_a_message(mailbox: str, message: dict[str, Any]):
    assert message["subject"] == "Grüße"
    assert message["from"] == {"emailAddress": {"name": "Björn", "address": "bjoern@elsewhere.test"}}
    assert message["toRecipients"] == [{"emailAddress": {"name": "Replies", "address": mailbox}}]
    assert (message["isRead"], message["hasAttachments"]) == (False, False)
    assert message["internetMessageId"] == "<one@elsewhere.test>"
    assert message["sentDateTime"] == "2026-11-20T10:00:00Z"
    assert message["@odata.etag"] == f'W/"{message["changeKey"]}"'
    assert "internetMessageHeaders" not in message


def test_a_preference_is_confirmed(graph: Graph, mailbox: str, message: dict[str, Any]):
    answer = graph("GET", f"/v1.0/users/{mailbox}/messages", headers=IMMUTABLE)
    assert answer.headers["Preference-Applied"] == 'IdType="ImmutableId"'
    assert "Preference-Applied" not in graph("GET", f"/v1.0/users/{mailbox}/messages").headers


def test_headers_are_returned_only_by_select(graph: Graph, mailbox: str, message: dict[str, Any]):
    [found] = graph("GET", f"/v1.0/users/{mailbox}/messages?$select=internetMessageHeaders").json()["value"]
    assert set(found) == {"@odata.etag", "id", "internetMessageHeaders"}
    assert {"name": "X-Mine", "value": "1"} in found["internetMessageHeaders"]


def test_the_raw_message(entra: Running, graph: Graph, mailbox: str, message: dict[str, Any]):
    answer = graph("GET", f"/v1.0/users/{mailbox}/messages/{message['id']}/$value")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain")
    assert answer.content == entra.messages(mailbox)[0]["raw"]


def test_marking_is_200_with_the_message(graph: Graph, mailbox: str, message: dict[str, Any]):
    answer = graph("PATCH", f"/v1.0/users/{mailbox}/messages/{message['id']}", {"isRead": True, "categories": ["Posted"]})
    assert answer.status_code == 200
    assert (answer.json()["isRead"], answer.json()["categories"]) == (True, ["Posted"])
    assert answer.json()["changeKey"] != message["changeKey"]
    assert graph("GET", f"/v1.0/users/{mailbox}/messages?$filter=isRead eq false").json()["value"] == []


@pytest.mark.parametrize("body, code", [
    ({"isRead": "yes"}, "RequestBodyRead"), ({"categories": "x"}, "RequestBodyRead"), ({"categories": [5]}, "RequestBodyRead"),
    ({"colour": "red"}, "RequestBodyRead"), ({"subject": "x"}, "ErrorInvalidPropertySet"),
])  # fmt: skip
def test_invalid_changes_are_refused(graph: Graph, mailbox: str, message: dict[str, Any], body: dict[str, Any], code: str):
    assert error(graph("PATCH", f"/v1.0/users/{mailbox}/messages/{message['id']}", body))[:2] == (400, code)


def test_moving_is_201_with_a_new_id(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/messages"
    moved = graph("POST", f"{path}/{message['id']}/move", {"destinationId": "archive"})
    assert moved.status_code == 201
    assert moved.json()["id"] != message["id"]
    assert error(graph("GET", f"{path}/{message['id']}/$value"))[:2] == (404, "ErrorItemNotFound")
    archive = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/archive").json()
    assert moved.json()["parentFolderId"] == archive["id"]
    assert (archive["totalItemCount"], archive["unreadItemCount"]) == (1, 1)


def test_an_immutable_id_survives_a_move(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/messages"
    [before] = graph("GET", path, headers=IMMUTABLE).json()["value"]
    assert before["id"] != message["id"]
    moved = graph("POST", f"{path}/{before['id']}/move", {"destinationId": "archive"}, headers=IMMUTABLE).json()
    assert moved["id"] == before["id"]
    assert graph("GET", f"{path}/{before['id']}/$value").status_code == 200


def test_ids_keep_their_case(graph: Graph, mailbox: str, message: dict[str, Any]):
    assert graph("GET", f"/v1.0/users/{mailbox}/messages/{message['id'].swapcase()}/$value").status_code in (400, 404)


def test_deleting_is_204(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/mailFolders/inbox/messages"
    assert graph("DELETE", f"/v1.0/users/{mailbox}/messages/{message['id']}").status_code == 204
    assert graph("GET", path).json()["value"] == []


@pytest.mark.parametrize("lag", [False, True])
def test_a_deleted_message_is_in_no_list(entra: Running, graph: Graph, mailbox: str, message: dict[str, Any], lag: bool):
    if lag:
        entra.lag(requests=0, replicas=1, kinds=["message"])
    path = f"/v1.0/users/{mailbox}/messages"
    assert graph("DELETE", f"{path}/{message['id']}").status_code == 204
    assert graph("GET", path).json()["value"] == []
    assert graph("GET", path, params={"$filter": "isRead eq false"}).json()["value"] == []
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/recoverableitemsdeletions").json()["totalItemCount"] == 1


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/$value", None), ("PATCH", "", {"isRead": True}), ("POST", "/move", {"destinationId": "archive"}),
    ("DELETE", "", None),
])  # fmt: skip
def test_no_such_message(graph: Graph, mailbox: str, method: str, path: str, body: Any):
    found = error(graph(method, f"/v1.0/users/{mailbox}/messages/{NO_MESSAGE}{path}", body))
    assert found == (404, "ErrorItemNotFound", "The specified object was not found in the store.")
    assert error(graph(method, f"/v1.0/users/{mailbox}/messages/x{path}", body))[:2] == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize("name", ["inbox", "Inbox", "archive", "SentItems", "drafts", "recoverableitemsdeletions"])
def test_well_known_folders(graph: Graph, mailbox: str, name: str):
    found = graph("GET", f"/v1.0/users/{mailbox}/mailFolders('{name}')").json()
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/{found['id']}").json()["displayName"] == found["displayName"]


def test_a_missing_folder(graph: Graph, mailbox: str):
    path = f"/v1.0/users/{mailbox}/mailFolders"
    assert error(graph("GET", f"{path}/bogus"))[:2] == (400, "ErrorInvalidIdMalformed")
    assert error(graph("GET", f"{path}/AQMkAbogus/messages"))[:2] == (404, "ErrorItemNotFound")


PART = "Content-Type: text/csv\r\nContent-Disposition: {}; filename=a.csv\r\n\r\n1;2\r\n"


@pytest.mark.parametrize("part, has", [
    (PART.format("attachment"), True), (PART.format("inline"), False), ("Content-Type: text/plain\r\n\r\nx\r\n", False),
    ("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n", True),
    ("Content-Type: image/png\r\nContent-ID: <q>\r\n\r\nx\r\n", False), ("Content-Type: image/png\r\n\r\nx\r\n", True),
], ids=["file", "inline", "text", "message", "image of the text", "image"])  # fmt: skip
def test_inline_attachments_do_not_count(entra: Running, graph: Graph, mailbox: str, part: str, has: bool):
    head = 'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
    entra.put_message(mailbox, f"{head}--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--b\r\n{part}--b--\r\n".encode())
    [found] = graph("GET", f"/v1.0/users/{mailbox}/messages").json()["value"]
    assert found["hasAttachments"] is has


@pytest.mark.parametrize("given, expected", [
    ({"mailbox": False}, (404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")),
    ({"mailbox": False, "mailbox_error": "ErrorNonExistentMailbox"}, (404, "ErrorNonExistentMailbox", None)),
    (None, (404, "ErrorInvalidUser", "The requested user 'missing@contoso.test' is invalid.")),
])  # fmt: skip
@pytest.mark.parametrize("method, path", [("GET", "messages"), ("GET", "mailFolders/inbox"), ("POST", "sendMail")])
def test_no_mailbox(
    entra: Running, graph: Graph, given: dict[str, Any] | None, expected: tuple[int, str, str | None], method: str, path: str
):
    name = "missing" if given is None else "unlicensed" if len(given) == 1 else "nonexistent"
    if given is not None:
        entra.user(name, **given)
    found = error(graph(method, f"/v1.0/users/{name}@{DOMAIN}/{path}"))
    assert found[:2] == expected[:2]
    assert expected[2] in (None, found[2])


RIGHTS = {
    #                     list, $value, mark, move, send
    "Mail.ReadBasic":     (200, 403, 403, 403, 403),
    "Mail.ReadBasic.All": (200, 403, 403, 403, 403),
    "Mail.Read":          (200, 200, 403, 403, 403),
    "Mail.ReadWrite":     (200, 200, 200, 201, 403),
    "Mail.Send":          (403, 403, 403, 403, 202),
    "User.Read.All":      (403, 403, 403, 403, 403),
}  # fmt: skip


@pytest.mark.parametrize("role", RIGHTS)
def test_rights(graph_with: Callable[..., Graph], mailbox: str, message: dict[str, Any], role: str):
    ask, box = graph_with(role), f"/v1.0/users/{mailbox}"
    one = f"{box}/messages/{message['id']}"
    answers = [
        ask("GET", f"{box}/messages"), ask("GET", f"{one}/$value"), ask("PATCH", one, {"isRead": True}),
        ask("POST", f"{one}/move", {"destinationId": "archive"}), send(ask, mailbox, mail(mailbox, sender=mailbox)),
    ]  # fmt: skip
    assert tuple(answer.status_code for answer in answers) == RIGHTS[role]
    for answer in answers:
        if answer.status_code == 403:
            assert error(answer)[1:] == ("ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def test_permission_is_checked_before_the_message_lookup(graph_with: Callable[..., Graph], mailbox: str):
    path = f"/v1.0/users/{mailbox}/messages/{NO_MESSAGE}"
    assert graph_with("Mail.Read")("PATCH", path, {"isRead": True}).status_code == 403
    assert graph_with("Mail.ReadWrite")("PATCH", path, {"isRead": True}).status_code == 404


def test_a_blocked_mailbox(entra: Running, graph: Graph, mailbox: str):
    entra.fault("access_policy", mailbox=mailbox)
    assert error(graph("GET", f"/v1.0/users/{mailbox}/messages")) == (
        403, "ErrorAccessDenied", "Access to OData is disabled.")  # fmt: skip
    assert graph("GET", f"/v1.0/users/anna@{DOMAIN}/messages").status_code == 200


def test_a_message_is_found_by_its_internet_message_id(graph: Graph, mailbox: str, message: dict[str, Any]):
    for value, count in (("<one@elsewhere.test>", 1), ("<two@elsewhere.test>", 0)):
        found = graph("GET", f"/v1.0/users/{mailbox}/messages", params={"$filter": f"internetMessageId eq '{value}'"})
        assert len(found.json()["value"]) == count


@pytest.mark.parametrize("name", ["anna@contoso.test", "ANNA@contoso.test"])
def test_users_are_read_by_name_and_by_id(graph: Graph, name: str):
    found = graph("GET", f"/v1.0/users/{name}").json()
    assert graph("GET", f"/v1.0/users('{found['id']}')").json() == found
    assert list(found) == ["@odata.context", "displayName", "mail", "userPrincipalName", "id"]
    assert error(graph("GET", "/v1.0/users/nobody@contoso.test"))[:2] == (404, "Request_ResourceNotFound")
