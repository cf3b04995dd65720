# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes: permissions, folders, messages, marking, moving, deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error, mail
from requests import Response

Graph = Callable[..., Response]
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
TEXT = {"Prefer": 'outlook.body-content-type="text"'}
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
    assert message["sender"] == message["from"]
    assert message["toRecipients"] == [{"emailAddress": {"name": "Replies", "address": mailbox}}]
    assert message["ccRecipients"] == [{"emailAddress": {"name": "c@elsewhere.test", "address": "c@elsewhere.test"}}]
    assert (message["isRead"], message["isDraft"], message["hasAttachments"]) == (False, False, False)
    assert message["internetMessageId"] == "<one@elsewhere.test>"
    assert message["sentDateTime"] == "2026-11-20T10:00:00Z"
    assert message["bodyPreview"] == "First line\r\nÄnderung"
    assert message["body"]["contentType"] == "html"
    assert message["@odata.etag"] == f'W/"{message["changeKey"]}"'
    assert "internetMessageHeaders" not in message


@pytest.mark.parametrize("headers, kind, applied", [
    ({}, "html", None), (TEXT, "text", 'outlook.body-content-type="text"'),
    ({"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}, "text",
     'outlook.body-content-type="text", IdType="ImmutableId"'),
])  # fmt: skip
def test_preferences(
    graph: Graph, mailbox: str, message: dict[str, Any], headers: dict[str, str], kind: str, applied: str | None
):
    answer = graph("GET", f"/v1.0/users/{mailbox}/messages/{message['id']}", headers=headers)
    assert answer.json()["body"]["contentType"] == kind
    assert answer.headers.get("Preference-Applied") == applied


def test_headers_are_returned_only_by_select(graph: Graph, mailbox: str, message: dict[str, Any]):
    answer = graph("GET", f"/v1.0/users/{mailbox}/messages/{message['id']}?$select=internetMessageHeaders").json()
    assert set(answer) == {"@odata.context", "@odata.etag", "id", "internetMessageHeaders"}
    assert {"name": "X-Mine", "value": "1"} in answer["internetMessageHeaders"]


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
    ({"isRead": "yes"}, "RequestBodyRead"), ({"colour": "red"}, "RequestBodyRead"), ({"subject": "x"}, "ErrorInvalidPropertySet"),
])  # fmt: skip
def test_invalid_changes_are_refused(graph: Graph, mailbox: str, message: dict[str, Any], body: dict[str, Any], code: str):
    assert error(graph("PATCH", f"/v1.0/users/{mailbox}/messages/{message['id']}", body))[:2] == (400, code)


def test_moving_is_201_with_a_new_id(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/messages"
    moved = graph("POST", f"{path}/{message['id']}/move", {"destinationId": "archive"})
    assert moved.status_code == 201
    assert moved.json()["id"] != message["id"]
    assert error(graph("GET", f"{path}/{message['id']}"))[:2] == (404, "ErrorItemNotFound")
    archive = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/archive").json()
    assert moved.json()["parentFolderId"] == archive["id"]
    assert (archive["totalItemCount"], archive["unreadItemCount"]) == (1, 1)


def test_an_immutable_id_survives_a_move(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/messages"
    [before] = graph("GET", path, headers=IMMUTABLE).json()["value"]
    assert before["id"] != message["id"]
    moved = graph("POST", f"{path}/{before['id']}/move", {"destinationId": "archive"}, headers=IMMUTABLE).json()
    assert moved["id"] == before["id"]
    assert graph("GET", f"{path}/{before['id']}").json()["subject"] == "Grüße"


def test_ids_keep_their_case(graph: Graph, mailbox: str, message: dict[str, Any]):
    assert graph("GET", f"/v1.0/users/{mailbox}/messages/{message['id'].swapcase()}").status_code in (400, 404)


def test_deleting_is_204(graph: Graph, mailbox: str, message: dict[str, Any]):
    path = f"/v1.0/users/{mailbox}/mailFolders/inbox/messages"
    assert graph("DELETE", f"/v1.0/users/{mailbox}/messages/{message['id']}").status_code == 204
    assert graph("GET", path).json()["value"] == []
    assert graph("GET", f"{path}/$count").text == "0"


@pytest.mark.parametrize("lag", [False, True])
def test_a_deleted_message_is_in_no_list(entra: Running, graph: Graph, mailbox: str, message: dict[str, Any], lag: bool):
    if lag:
        entra.lag(requests=0, replicas=1, kinds=["message"])
    path = f"/v1.0/users/{mailbox}/messages"
    assert graph("DELETE", f"{path}/{message['id']}").status_code == 204
    assert graph("GET", path).json()["value"] == []
    assert graph("GET", path, params={"$filter": "subject eq 'Grüße'"}).json()["value"] == []
    assert graph("GET", f"{path}/$count").text == "0"
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/recoverableitemsdeletions").json()["totalItemCount"] == 1


@pytest.mark.parametrize("method, path, body", [
    ("GET", "", None), ("GET", "/$value", None), ("PATCH", "", {"isRead": True}), ("POST", "/move", {"destinationId": "archive"}),
    ("DELETE", "", None),
])  # fmt: skip
def test_no_such_message(graph: Graph, mailbox: str, method: str, path: str, body: Any):
    found = error(graph(method, f"/v1.0/users/{mailbox}/messages/{NO_MESSAGE}{path}", body))
    assert found == (404, "ErrorItemNotFound", "The specified object was not found in the store.")
    assert error(graph(method, f"/v1.0/users/{mailbox}/messages/x{path}", body))[:2] == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize("name", ["inbox", "Inbox", "archive", "sentitems", "SentItems", "drafts", "deleteditems", "junkemail",
                                  "outbox", "msgfolderroot"])  # fmt: skip
def test_well_known_folders(graph: Graph, mailbox: str, name: str):
    found = graph("GET", f"/v1.0/users/{mailbox}/mailFolders('{name}')").json()
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/{found['id']}").json()["displayName"] == found["displayName"]


def test_folders_are_made_listed_and_deleted(graph: Graph, mailbox: str):
    path = f"/v1.0/users/{mailbox}/mailFolders"
    made = graph("POST", f"{path}/inbox/childFolders", {"displayName": "Later"})
    assert made.status_code == 201
    assert error(graph("POST", f"{path}/inbox/childFolders", {"displayName": "later"}))[:2] == (409, "ErrorFolderExists")
    assert [one["displayName"] for one in graph("GET", f"{path}/inbox/childFolders").json()["value"]] == ["Later"]
    assert {"Inbox", "Sent Items", "Archive"} <= {one["displayName"] for one in graph("GET", f"{path}?$top=50").json()["value"]}
    assert graph("DELETE", f"{path}/{made.json()['id']}").status_code == 204
    assert error(graph("DELETE", f"{path}/inbox"))[0] == 403


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
    body: Any = {"message": {}} if method == "POST" else None
    found = error(graph(method, f"/v1.0/users/{name}@{DOMAIN}/{path}", body))
    assert found[:2] == expected[:2]
    assert expected[2] in (None, found[2])


RIGHTS = {
    #                     list, get, $value, mark, move, send
    "Mail.ReadBasic":     (200, 200, 403, 403, 403, 403),
    "Mail.ReadBasic.All": (200, 200, 403, 403, 403, 403),
    "Mail.Read":          (200, 200, 200, 403, 403, 403),
    "Mail.ReadWrite":     (200, 200, 200, 200, 201, 403),
    "Mail.Send":          (403, 403, 403, 403, 403, 202),
    "User.Read.All":      (403, 403, 403, 403, 403, 403),
}  # fmt: skip


@pytest.mark.parametrize("role", RIGHTS)
def test_rights(graph_with: Callable[..., Graph], mailbox: str, message: dict[str, Any], role: str):
    ask, box = graph_with(role), f"/v1.0/users/{mailbox}"
    one = f"{box}/messages/{message['id']}"
    letter = {"message": {"subject": "x", "toRecipients": [{"emailAddress": {"address": mailbox}}]}}
    answers = [
        ask("GET", f"{box}/mailFolders/inbox/messages"), ask("GET", one), ask("GET", f"{one}/$value"),
        ask("PATCH", one, {"isRead": True}), ask("POST", f"{one}/move", {"destinationId": "archive"}),
        ask("POST", f"{box}/sendMail", letter),
    ]  # fmt: skip
    assert tuple(answer.status_code for answer in answers) == RIGHTS[role]
    for answer in answers:
        if answer.status_code == 403:
            assert error(answer)[1:] == ("ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def test_permission_is_checked_before_the_message_lookup(graph_with: Callable[..., Graph], mailbox: str):
    path = f"/v1.0/users/{mailbox}/messages/{NO_MESSAGE}"
    assert graph_with("Mail.Read")("PATCH", path, {"isRead": True}).status_code == 403
    assert graph_with("Mail.ReadWrite")("PATCH", path, {"isRead": True}).status_code == 404


def test_read_basic_has_no_body(graph_with: Callable[..., Graph], mailbox: str, message: dict[str, Any]):
    ask, path = graph_with("Mail.ReadBasic.All"), f"/v1.0/users/{mailbox}/messages"
    found = ask("GET", f"{path}/{message['id']}").json()
    assert not {"body", "bodyPreview", "uniqueBody"} & set(found)
    assert found["subject"] == "Grüße"
    assert error(ask("GET", f"{path}?$select=body"))[:2] == (403, "ErrorAccessDenied")


def test_a_blocked_mailbox(entra: Running, graph: Graph, mailbox: str):
    entra.fault("access_policy", mailbox=mailbox)
    assert error(graph("GET", f"/v1.0/users/{mailbox}/messages")) == (
        403, "ErrorAccessDenied", "Access to OData is disabled.")  # fmt: skip
    assert graph("GET", f"/v1.0/users/anna@{DOMAIN}/messages").status_code == 200


def test_a_message_is_found_by_its_internet_message_id(graph: Graph, mailbox: str, message: dict[str, Any]):
    for value, count in (("<one@elsewhere.test>", 1), ("<two@elsewhere.test>", 0)):
        found = graph("GET", f"/v1.0/users/{mailbox}/messages", params={"$filter": f"internetMessageId eq '{value}'"})
        assert len(found.json()["value"]) == count


def test_a_thread_is_one_conversation(entra: Running, graph: Graph, mailbox: str):
    entra.put_message(mailbox, mail(mailbox, more="Message-ID: <root@x>\r\n"))
    entra.put_message(mailbox, mail(mailbox, "Re: Hello", more="Message-ID: <r@x>\r\nReferences: <root@x> <between@x>\r\n"))
    entra.put_message(mailbox, mail(mailbox, "Other", more="Message-ID: <other@x>\r\n"))
    found = graph("GET", f"/v1.0/users/{mailbox}/messages?$select=conversationId").json()["value"]
    assert len({one["conversationId"] for one in found}) == 2


def test_spam_goes_to_the_junk_folder(entra: Running, graph: Graph, mailbox: str):
    entra.put_message(mailbox, mail(mailbox, more="X-Spam-Flag: YES\r\n"))
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/junkemail").json()["totalItemCount"] == 1


def test_attachments(entra: Running, graph: Graph, mailbox: str):
    raw = (f"From: a@elsewhere.test\r\nTo: {mailbox}\r\nSubject: file\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
           "--b\r\nContent-Type: text/html\r\n\r\n<p>see <b>it</b></p>\r\n--b\r\n"
           "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1;2\r\n--b--\r\n")  # fmt: skip
    entra.put_message(mailbox, raw.encode())
    [found] = graph("GET", f"/v1.0/users/{mailbox}/messages", headers=TEXT).json()["value"]
    assert found["hasAttachments"] is True
    assert found["body"]["content"].strip() == "see it"
    [file] = graph("GET", f"/v1.0/users/{mailbox}/messages/{found['id']}/attachments").json()["value"]
    assert (file["@odata.type"], file["name"]) == ("#microsoft.graph.fileAttachment", "a.csv")


@pytest.mark.parametrize("name", ["anna@contoso.test", "ANNA@contoso.test"])
def test_users_are_read_by_name_and_by_id(graph: Graph, name: str):
    found = graph("GET", f"/v1.0/users/{name}").json()
    assert graph("GET", f"/v1.0/users('{found['id']}')").json() == found
    assert list(found) == ["@odata.context", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
                           "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id"]  # fmt: skip
    asked = graph("GET", f"/v1.0/users/{name}?$select=assignedLicenses,proxyAddresses").json()
    assert asked["assignedLicenses"] and asked["proxyAddresses"] == ["SMTP:anna@contoso.test"]
