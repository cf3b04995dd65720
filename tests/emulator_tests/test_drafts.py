# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drafts keep properties that a change does not name; replies by JSON and MIME, in each folder path of the message."""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error, mail
from requests import Response

Graph = Callable[..., Response]
ANNA = f"anna@{DOMAIN}"
FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="}
TAG, OTHER = (f"String {{66f5a359-4659-4830-9070-00047ec6ac6e}} Name {name}" for name in ("Tag", "Other"))


def parsed(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


def to(address: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}}]


@pytest.fixture
def drafts(mailbox: str) -> str:
    return f"/v1.0/users/{ANNA}/messages"


@pytest.fixture
def draft(graph: Graph, drafts: str, mailbox: str) -> dict[str, Any]:
    """Create a draft to the mailbox, with a file, a custom header and two extended properties."""
    made = graph("POST", drafts, {
        "subject": "one", "body": {"contentType": "HTML", "content": "<b>first</b>"}, "toRecipients": to(mailbox),
        "attachments": [FILE], "internetMessageHeaders": [{"name": "x-c", "value": "1"}], "importance": "Low",
        "isReadReceiptRequested": True, "flag": {"flagStatus": "flagged"}, "categories": ["Red"],
        "singleValueExtendedProperties": [{"id": TAG, "value": "t"}, {"id": OTHER, "value": "o"}],
    })  # fmt: skip
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def test_a_draft_is_stored_unchanged(draft: dict[str, Any]):
    assert (draft["importance"], draft["isReadReceiptRequested"], draft["isDeliveryReceiptRequested"]) == ("low", True, False)
    assert (draft["flag"], draft["categories"], draft["hasAttachments"]) == ({"flagStatus": "flagged"}, ["Red"], True)


@pytest.mark.parametrize("change, subject, body", [
    ({"subject": "two"}, "two", "<b>first</b>"), ({"ccRecipients": to(ANNA)}, "one", "<b>first</b>"),
    ({"body": {"contentType": "text", "content": "second"}}, "one", "second"), ({"isRead": False}, "one", "<b>first</b>"),
], ids=str)  # fmt: skip
def test_a_change_keeps_other_properties(
    entra: Running, graph: Graph, draft: dict[str, Any], mailbox: str, change: dict[str, Any], subject: str, body: str
):
    path = f"/v1.0/users/{ANNA}/messages/{draft['id']}"
    changed = graph("PATCH", path, change)
    assert changed.status_code == 200
    for name in ("hasAttachments", "internetMessageId", "importance", "isReadReceiptRequested", "flag", "categories",
                 "conversationId", "toRecipients"):  # fmt: skip
        assert changed.json()[name] == draft[name], name
    assert graph("POST", f"{path}/send").status_code == 202
    [received] = entra.messages(mailbox, "inbox")
    found = parsed(received["raw"])
    assert (found["Subject"], found["X-C"], found["Importance"]) == (subject, "1", "low")
    assert found.get_body().get_content().strip() == body
    assert [(part.get_filename(), part.get_content()) for part in found.iter_attachments()] == [("a.txt", "hello")]


def test_the_message_id_of_a_draft_may_be_set(entra: Running, graph: Graph, drafts: str, draft: dict[str, Any], mailbox: str):
    changed = graph("PATCH", f"{drafts}/{draft['id']}", {"internetMessageId": "<mine@x>"})
    assert (changed.status_code, changed.json()["internetMessageId"]) == (200, "<mine@x>")
    graph("POST", f"{drafts}/{draft['id']}/send")
    [received] = entra.messages(mailbox, "inbox")
    assert received["internet_message_id"] == "<mine@x>"
    path = f"/v1.0/users/{mailbox}/messages/{received['id']}"
    assert error(graph("PATCH", path, {"internetMessageId": "<other@x>"}))[:2] == (400, "ErrorInvalidPropertySet")


def _extended(graph: Graph, path: str, filter_: str) -> Any:
    expand = f"singleValueExtendedProperties($filter={filter_})"
    return graph("GET", path, params={"$select": "id", "$expand": expand}).json().get("singleValueExtendedProperties")


@pytest.mark.parametrize("received", [False, True])
def test_extended_properties_are_set_by_id(
    entra: Running, graph: Graph, drafts: str, draft: dict[str, Any], mailbox: str, received: bool
):
    path = f"{drafts}/{draft['id']}"
    if received:
        path = f"/v1.0/users/{mailbox}/messages/{entra.put_message(mailbox, mail(mailbox))['id']}"
        graph("PATCH", path, {"singleValueExtendedProperties": [{"id": TAG, "value": "t"}, {"id": OTHER, "value": "o"}]})
    more = TAG.replace("Tag", "More")
    given = [{"id": TAG.upper(), "value": "T"}, {"id": more, "value": "m"}]
    assert graph("PATCH", path, {"singleValueExtendedProperties": given}).status_code == 200
    for key, value in ((TAG, "T"), (OTHER, "o"), (more, "m")):
        [found] = _extended(graph, path, f"id eq '{key}'")
        assert found["value"] == value
    assert len(_extended(graph, path, f"id eq '{TAG}' or id eq '{OTHER}'")) == 2
    assert _extended(graph, path, "id eq 'String 0x1035'") is None


@pytest.mark.parametrize("expand", ["colour", "singleValueExtendedProperties($filter=id eq)"])
def test_a_malformed_expansion_is_refused(graph: Graph, drafts: str, draft: dict[str, Any], expand: str):
    assert error(graph("GET", f"{drafts}/{draft['id']}", params={"$expand": expand}))[0] == 400


def test_a_receipt_goes_to_the_mailbox(graph: Graph, drafts: str):
    """Also when the MIME of the draft has no From header."""
    raw = base64.b64encode(b"Subject: x\r\n\r\nx")
    path = f"{drafts}/{graph('POST', drafts, data=raw, headers={'Content-Type': 'text/plain'}).json()['id']}"
    assert graph("PATCH", path, {"isReadReceiptRequested": True}).json()["isReadReceiptRequested"] is True
    assert parsed(graph("GET", f"{path}/$value").content)["Disposition-Notification-To"].endswith(f"<{ANNA}>")
    assert graph("PATCH", path, {"isReadReceiptRequested": False}).json()["isReadReceiptRequested"] is False


def test_a_message_created_in_a_folder_is_a_draft_there(graph: Graph, mailbox: str):
    path = f"/v1.0/users/{mailbox}/mailFolders/archive/messages"
    made = graph("POST", path, {"subject": "here"})
    assert (made.status_code, made.json()["isDraft"]) == (201, True)
    assert [one["id"] for one in graph("GET", path).json()["value"]] == [made.json()["id"]]
    assert graph("GET", f"/v1.0/users/{mailbox}/mailFolders/drafts/messages/$count").text == "0"


ASKED = "Message-ID: <asked@x>\r\n"


@pytest.mark.parametrize("where", ["messages", "mailFolders/inbox/messages"])
@pytest.mark.parametrize("action, status", [("reply", 202), ("replyAll", 202), ("createReply", 201), ("createReplyAll", 201)])
@pytest.mark.parametrize("form", ["comment", "message", "MIME"])
def test_a_reply(entra: Running, graph: Graph, mailbox: str, where: str, action: str, status: int, form: str):
    made = entra.put_message(mailbox, mail(mailbox, sender=ANNA, more=ASKED))
    path = f"/v1.0/users/{mailbox}/{where}/{made['id']}/{action}"
    if form == "MIME":
        raw = base64.b64encode(b"Content-Type: text/plain\r\nX-Mine: 1\r\n\r\nYes\r\n")
        answer = graph("POST", path, data=raw, headers={"Content-Type": "text/plain"})
    else:
        body = {"comment": "Yes"} if form == "comment" else {"message": {"body": {"contentType": "text", "content": "Yes"}}}
        answer = graph("POST", path, body)
    assert answer.status_code == status, answer.text
    [kept] = entra.messages(mailbox, "sentitems" if status == 202 else "drafts")
    found = parsed(kept["raw"])
    assert (found["In-Reply-To"], found["Subject"], bool(found["X-Mine"])) == ("<asked@x>", "RE: Hello", form == "MIME")
    assert [one.addr_spec for one in found["To"].addresses] == [ANNA]
    assert found.get_content().startswith("Yes")


@pytest.mark.parametrize("action", ["reply", "createReply"])
def test_a_comment_beside_a_body_is_refused(entra: Running, graph: Graph, mailbox: str, action: str):
    made = entra.put_message(mailbox, mail(mailbox, sender=ANNA))
    body = {"message": {"body": {"contentType": "text", "content": "x"}}, "comment": "c"}
    assert error(graph("POST", f"/v1.0/users/{mailbox}/messages/{made['id']}/{action}", body))[0] == 400
    assert entra.messages(mailbox, "sentitems") == entra.messages(mailbox, "drafts") == []


def test_a_draft_is_sent_from_its_folder(graph: Graph, draft: dict[str, Any]):
    path = f"/v1.0/users/{ANNA}/mailFolders/drafts/messages/{draft['id']}/send"
    assert graph("POST", path.replace("drafts", "inbox")).status_code == 404
    assert graph("POST", path).status_code == 202
