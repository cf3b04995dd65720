# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types in requests to a mailbox: values of a wrong type are refused, equivalent spellings are accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error
from requests import Response

Graph = Callable[..., Response]
TO = {"toRecipients": [{"emailAddress": {"address": f"anna@{DOMAIN}"}}]}
NOT_READABLE = "RequestBodyRead"


@pytest.mark.parametrize("given, code", [
    ({"from": "x"}, NOT_READABLE), ({"sender": [1]}, NOT_READABLE), ({"subject": 5}, NOT_READABLE),
    ({"toRecipients": "x"}, NOT_READABLE), ({"toRecipients": {}}, NOT_READABLE), ({"toRecipients": [None]}, NOT_READABLE),
    ({"toRecipients": ["x"]}, NOT_READABLE), ({"toRecipients": [{"emailAddress": "x"}]}, NOT_READABLE),
    ({"ccRecipients": [{"emailAddress": {"address": 5}}]}, NOT_READABLE),
    ({"replyTo": [{"EmailAddress": {"address": "x@y.test"}}]}, NOT_READABLE),
    ({"body": "x"}, NOT_READABLE), ({"body": {"contentType": "markdown", "content": "x"}}, NOT_READABLE),
    ({"body": {"contentType": "text", "content": ["x"]}}, NOT_READABLE),
    ({"attachments": ["x"]}, NOT_READABLE), ({"attachments": [{"name": "no type"}]}, NOT_READABLE),
    ({"attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "contentBytes": "?"}]}, NOT_READABLE),
    ({"attachments": [{"@odata.type": "#microsoft.graph.referenceAttachment", "name": "x"}]}, NOT_READABLE),
    ({"internetMessageHeaders": ["x"]}, NOT_READABLE), ({"internetMessageHeaders": [{"name": 5}]}, NOT_READABLE),
    ({"internetMessageHeaders": [{"name": "x-a\r\nBcc", "value": "x@y.test"}]}, "InvalidInternetMessageHeader"),
    ({"categories": "x"}, NOT_READABLE), ({"categories": [5]}, NOT_READABLE), ({"importance": "bogus"}, NOT_READABLE),
    ({"flag": "x"}, NOT_READABLE), ({"flag": {"flagStatus": "bogus"}}, NOT_READABLE), ({"isRead": "x"}, NOT_READABLE),
    ({"inferenceClassification": "bogus"}, NOT_READABLE), ({"singleValueExtendedProperties": [{"id": 5}]}, NOT_READABLE),
    ({"toRecipients": [{"emailAddress": {"address": "ü@contoso.test"}}]}, "ErrorInvalidRecipients"),
    ({"from": {"emailAddress": {"name": "no address"}}}, "ErrorInvalidRecipients"),
], ids=str)  # fmt: skip
def test_another_type_is_refused(entra: Running, graph: Graph, mailbox: str, given: dict[str, Any], code: str):
    box = f"/v1.0/users/{mailbox}"
    assert error(graph("POST", f"{box}/sendMail", {"message": {**TO, **given}}))[:2] == (400, code)
    assert error(graph("POST", f"{box}/messages", {**TO, **given}))[:2] == (400, code)
    assert entra.messages(mailbox) == []
    draft = graph("POST", f"{box}/messages", {"subject": "before"}).json()
    if "attachments" not in given:
        assert error(graph("PATCH", f"{box}/messages/{draft['id']}", given))[:2] == (400, code)
        assert graph("GET", f"{box}/messages/{draft['id']}").json() == draft


@pytest.mark.parametrize("body", [
    {"message": "x"}, {"message": [TO]}, {"message": TO, "saveToSentItems": "maybe"}, {"message": TO, "saveToSentItems": 1},
])  # fmt: skip
def test_parameters_of_another_type_are_refused(graph: Graph, mailbox: str, body: dict[str, Any]):
    assert error(graph("POST", f"/v1.0/users/{mailbox}/sendMail", body))[:2] == (400, NOT_READABLE)


@pytest.mark.parametrize("given, kept", [("false", 0), ("False", 0), (False, 0), ("true", 1), (None, 1)])
def test_save_to_sent_items_may_be_text(entra: Running, graph: Graph, mailbox: str, given: Any, kept: int):
    assert graph("POST", f"/v1.0/users/{mailbox}/sendMail", {"message": TO, "saveToSentItems": given}).status_code == 202
    assert len(entra.messages(mailbox, "sentitems")) == kept


@pytest.mark.parametrize("given, shown", [
    ({"importance": "High"}, {"importance": "high"}), ({"importance": "LOW"}, {"importance": "low"}),
    ({"isReadReceiptRequested": True}, {"isReadReceiptRequested": True}),
    ({"isDeliveryReceiptRequested": "true"}, {"isDeliveryReceiptRequested": True}),
    ({"body": {"contentType": "HTML", "content": "<p>x</p>"}}, {"bodyPreview": "x"}),
], ids=str)  # fmt: skip
def test_properties_that_reach_the_recipient(graph: Graph, mailbox: str, given: dict[str, Any], shown: dict[str, Any]):
    message = {"toRecipients": [{"emailAddress": {"address": mailbox}}], **given}
    assert graph("POST", f"/v1.0/users/anna@{DOMAIN}/sendMail", {"message": message}).status_code == 202
    [found] = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/inbox/messages").json()["value"]
    assert {name: found[name] for name in shown} == shown


@pytest.mark.parametrize("data", ['{"subject": "\\ud800"}', '{"subject": ', '["subject"]', "5"])
def test_a_body_of_another_type_is_refused(graph: Graph, mailbox: str, data: str):
    answer = graph("POST", f"/v1.0/users/{mailbox}/messages", data=data, headers={"Content-Type": "application/json"})
    assert error(answer)[:2] == (400, "BadRequest")
