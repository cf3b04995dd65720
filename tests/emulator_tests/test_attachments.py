# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attachments: received, sent, added to a draft and removed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error
from requests import Response

Graph = Callable[..., Response]
FILE_TYPE, ITEM_TYPE = "#microsoft.graph.fileAttachment", "#microsoft.graph.itemAttachment"
FILE = {"@odata.type": FILE_TYPE, "name": "a.txt", "contentType": "text/plain", "contentBytes": "aGVsbG8="}
IMAGE = {"@odata.type": FILE_TYPE, "name": "i.png", "contentBytes": "UE5H", "isInline": True, "contentId": "img1"}
ITEM = {"@odata.type": ITEM_TYPE, "name": "x", "item": {"@odata.type": "#microsoft.graph.message", "subject": "within"}}
INNER = "Subject: inner\r\nFrom: c@elsewhere.test\r\n\r\ninside\r\n"
RAW = (
    "From: a@elsewhere.test\r\nTo: b@elsewhere.test\r\nSubject: all\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\nContent-Type: multipart/related; boundary="r"\r\n\r\n'
    "--r\r\nContent-Type: text/html\r\n\r\n<img src='cid:q'>\r\n"
    "--r\r\nContent-Type: image/png; name=q.png\r\nContent-ID: <q>\r\nContent-Disposition: inline; filename=q.png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--r--\r\n"
    f"--m\r\nContent-Type: message/rfc822\r\n\r\n{INNER}--m\r\nContent-Type: text/plain\r\n"
    "Content-Disposition: inline; filename=note.txt\r\n\r\nnote\r\n--m--\r\n"
)


@pytest.fixture
def path(entra: Running, mailbox: str) -> str:
    """Return the path of a received message with an inline image, a message and a text file."""
    return f"/v1.0/users/{mailbox}/messages/{entra.put_message(mailbox, RAW.encode())['id']}"


@pytest.fixture
def draft(graph: Graph, mailbox: str) -> str:
    made = graph("POST", f"/v1.0/users/{mailbox}/messages", {
        "toRecipients": [{"emailAddress": {"address": mailbox}}], "body": {"contentType": "HTML", "content": "<p>x</p>"},
    })  # fmt: skip
    return f"/v1.0/users/{mailbox}/messages/{made.json()['id']}"


def test_received_attachments(graph: Graph, path: str):
    image, item, note = graph("GET", f"{path}/attachments").json()["value"]
    assert (image["@odata.type"], image["isInline"], image["contentId"], image["contentBytes"]) == (FILE_TYPE, True, "q", "UE5H")
    assert (item["@odata.type"], item["name"], item["contentType"]) == (ITEM_TYPE, "inner", None)
    assert item["size"] == len(INNER) - 2, "the last line end belongs to the boundary"
    assert "contentBytes" not in item
    assert (note["name"], note["contentType"], base64.b64decode(note["contentBytes"])) == ("note.txt", "text/plain", b"note")
    shown = graph("GET", path).json()
    assert "cid:q" in shown["body"]["content"]
    assert "note" not in graph("GET", path, headers={"Prefer": 'outlook.body-content-type="text"'}).json()["body"]["content"]


@pytest.mark.parametrize("number, kind, content", [
    (0, "image/png", b"PNG"), (1, "text/plain", INNER.strip().encode()), (2, "text/plain", b"note"),
])  # fmt: skip
def test_one_by_its_id(graph: Graph, path: str, number: int, kind: str, content: bytes):
    listed = graph("GET", f"{path}/attachments").json()["value"][number]
    found = graph("GET", f"{path}/attachments/{listed['id']}").json()
    assert {name: value for name, value in found.items() if name != "@odata.context"} == listed
    raw = graph("GET", f"{path}/attachments('{listed['id']}')/$value")
    assert (raw.status_code, raw.headers["Content-Type"], raw.content) == (200, kind, content)


def test_by_an_immutable_id(graph: Graph, path: str):
    prefer = {"Prefer": 'IdType="ImmutableId"'}
    plain = graph("GET", f"{path}/attachments").json()["value"][0]["id"]
    immutable = graph("GET", f"{path}/attachments", headers=prefer).json()["value"][0]["id"]
    assert immutable != plain
    graph("POST", f"{path}/move", {"destinationId": "archive"})
    [moved] = graph("GET", f"{path.rpartition('/')[0]}", headers=prefer).json()["value"]
    inside = f"{path.rpartition('/')[0]}/{moved['id']}/attachments"
    assert graph("GET", f"{inside}/{immutable}", headers=prefer).json()["name"] == "q.png"
    assert graph("GET", f"{inside}/{plain}").status_code == 404


@pytest.mark.parametrize("key, status, code", [
    ("AAMkAGI2THVSAAABEgAQA", 404, "ErrorItemNotFound"), ("x", 400, "ErrorInvalidIdMalformed"),
])  # fmt: skip
@pytest.mark.parametrize("method, more", [("GET", ""), ("GET", "/$value"), ("DELETE", "")])
def test_no_such_attachment(graph: Graph, path: str, method: str, more: str, key: str, status: int, code: str):
    assert error(graph(method, f"{path}/attachments/{key}{more}"))[:2] == (status, code)


@pytest.mark.parametrize("select, names", [
    ("id,name,size", {"id", "name", "size"}), ("name", {"id", "name"}),
    ("name,microsoft.graph.fileAttachment/contentId", {"id", "name", "contentId"}),
])  # fmt: skip
@pytest.mark.parametrize("how", ["list", "one", "expanded", "expanded list"])
def test_selected_properties(graph: Graph, path: str, select: str, names: set[str], how: str):
    if how.startswith("expanded"):
        asked = path if how == "expanded" else path.rpartition("/")[0]
        found = graph("GET", asked, params={"$select": "id", "$expand": f"attachments($select={select})"}).json()
        attachment = (found if how == "expanded" else found["value"][0])["attachments"][0]
    else:
        listed = graph("GET", f"{path}/attachments", params={"$select": select}).json()["value"]
        attachment = listed[0]
        if how == "one":
            attachment = graph("GET", f"{path}/attachments/{listed[0]['id']}", params={"$select": select}).json()
    assert {name for name in attachment if "@" not in name} == names
    assert attachment["@odata.type"] == FILE_TYPE


def test_a_derived_property_needs_its_type_in_select(graph: Graph, path: str):
    text = "Could not find a property named 'contentId' on type 'microsoft.graph.attachment'."
    assert error(graph("GET", f"{path}/attachments?$select=name,contentId")) == (400, "RequestBroker--ParseUri", text)


def test_attachments_are_expanded(graph: Graph, path: str):
    whole = graph("GET", f"{path}/attachments").json()["value"]
    assert graph("GET", f"{path}?$expand=attachments&$select=id").json()["attachments"] == whole
    [listed] = graph("GET", f"{path.rpartition('/')[0]}?$expand=attachments&$select=id").json()["value"]
    assert listed["attachments"] == whole
    assert graph("GET", f"{path}/attachments/$count").text == "3"


def test_read_basic_shows_no_attachments(graph_with: Callable[..., Graph], path: str):
    ask = graph_with("Mail.ReadBasic.All")
    for query in ("/attachments", "/attachments/$count", "?$expand=attachments"):
        assert error(ask("GET", path + query))[:2] == (403, "ErrorAccessDenied")


def test_sent_attachments_arrive(graph: Graph, mailbox: str):
    message = {
        "toRecipients": [{"emailAddress": {"address": mailbox}}], "attachments": [IMAGE, FILE, ITEM],
        "body": {"contentType": "html", "content": "<img src='cid:img1'>"},
    }  # fmt: skip
    assert graph("POST", f"/v1.0/users/anna@{DOMAIN}/sendMail", {"message": message}).status_code == 202
    [received] = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/inbox/messages?$expand=attachments").json()["value"]
    image, file, item = received["attachments"]
    assert (image["name"], image["contentType"], image["isInline"], image["contentId"]) == ("i.png", "image/png", True, "img1")
    assert (file["name"], file["contentType"], file["isInline"], file["size"]) == ("a.txt", "text/plain", False, 5)
    assert (item["@odata.type"], item["name"]) == (ITEM_TYPE, "within")
    assert "cid:img1" in received["body"]["content"]


@pytest.mark.parametrize("given, has", [([], False), ([IMAGE], False), ([IMAGE, FILE], True), ([ITEM], True)])
def test_inline_attachments_do_not_count(graph: Graph, mailbox: str, given: list[dict[str, Any]], has: bool):
    made = graph("POST", f"/v1.0/users/{mailbox}/messages", {"attachments": given}).json()
    assert made["hasAttachments"] is has


def test_attachments_are_added_to_a_draft_and_removed(entra: Running, graph: Graph, mailbox: str, draft: str):
    kept = [graph("POST", f"{draft}/attachments", given) for given in (FILE, FILE, IMAGE)]
    assert [answer.status_code for answer in kept] == [201, 201, 201]
    first, second, image = (answer.json() for answer in kept)
    assert len({first["id"], second["id"], image["id"]}) == 3
    assert graph("GET", draft).json()["hasAttachments"] is True
    assert graph("DELETE", f"{draft}/attachments/{second['id']}").status_code == 204
    assert [one["id"] for one in graph("GET", f"{draft}/attachments").json()["value"]] == [first["id"], image["id"]]
    assert graph("GET", draft).json()["body"]["content"].strip() == "<p>x</p>"
    assert graph("POST", f"{draft}/send").status_code == 202
    [received] = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/inbox/messages?$expand=attachments").json()["value"]
    assert [one["name"] for one in received["attachments"]] == ["a.txt", "i.png"]


@pytest.mark.parametrize("given", [
    {"name": "no type"}, {"@odata.type": FILE_TYPE, "name": 5}, {"@odata.type": FILE_TYPE, "colour": "red"},
    {"@odata.type": ITEM_TYPE, "name": "x"}, {"@odata.type": ITEM_TYPE, "item": {"@odata.type": "#microsoft.graph.event"}},
    {"@odata.type": "#microsoft.graph.referenceAttachment", "name": "x"},
])  # fmt: skip
def test_invalid_attachments_are_refused(graph: Graph, draft: str, given: dict[str, Any]):
    assert error(graph("POST", f"{draft}/attachments", given))[0] == 400
    assert graph("GET", f"{draft}/attachments/$count").text == "0"


def test_attaching_needs_read_write_permission(graph_with: Callable[..., Graph], draft: str):
    assert graph_with("Mail.Read")("POST", f"{draft}/attachments", FILE).status_code == 403


def test_below_a_folder(graph: Graph, path: str):
    below = path.replace("/messages/", "/mailFolders/inbox/messages/")
    listed = graph("GET", f"{below}/attachments").json()["value"]
    assert listed == graph("GET", f"{path}/attachments").json()["value"]
    assert graph("GET", f"{below}/attachments/{listed[0]['id']}/$value").content == b"PNG"


@pytest.mark.parametrize("raw, before", [
    (b"Content-Type: multipart/mixed\r\n\r\nno part", 0), (b"", 0), (b"Subject: x\r\n\r\n\xff", 0),
    (b"Content-Type: \xff/\xfe; name=x\r\nContent-Disposition: attachment\r\nContent-ID: <\xff>\r\n\r\n\xff", 1),
    (b"Content-Type: message/rfc822\r\n\r\nSubject: \xff\r\nTo: <<\r\n\r\nx", 1),
    (b"Content-Type: application/pdf; name==?x?=\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", 1),
])  # fmt: skip
def test_attachments_of_malformed_messages(entra: Running, graph: Graph, mailbox: str, raw: bytes, before: int):
    path = f"/v1.0/users/{mailbox}/messages/{entra.put_message(mailbox, raw)['id']}/attachments"
    found = graph("GET", path).json()["value"]
    assert [graph("GET", f"{path}/{one['id']}/$value").status_code for one in found] == [200] * before
    added = graph("POST", path, FILE)
    assert added.status_code == 201
    assert graph("DELETE", f"{path}/{added.json()['id']}").status_code == 204
    assert graph("GET", f"{path}/$count").text == str(before)
