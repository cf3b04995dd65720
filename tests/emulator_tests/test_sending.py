# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sendMail: JSON and MIME, permission to send from another address, Sent Items, delivery, Message-IDs."""

from __future__ import annotations

import email
import email.policy
import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import error, mail, send
from helpers.service.process import free_port
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until
from requests import ConnectionError, Response

Graph = Callable[..., Response]


def parsed(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture
def other(entra: Running, mailbox: str) -> str:
    """Return a second mailbox."""
    address = f"other-{mailbox}"
    entra.user(address)
    return address


def test_accepted_is_202_without_a_body(entra: Running, graph: Graph, mailbox: str, other: str):
    answer = send(graph, mailbox, mail(other, sender=mailbox, more=f"Bcc: {mailbox}\r\n"))
    assert (answer.status_code, answer.content) == (202, b"")
    [sent] = entra.messages(mailbox, "sentitems")
    [received] = entra.messages(other, "inbox")
    assert sent["is_read"] and not received["is_read"]
    found = parsed(received["raw"])
    assert found["Received"] and found["Bcc"] is None
    assert found["Message-ID"].endswith(".prod.outlook.com>")
    assert parsed(sent["raw"])["Bcc"] == mailbox
    assert len(entra.messages(mailbox, "inbox")) == 1


def test_mime_keeps_its_message_id_and_thread(entra: Running, graph: Graph, mailbox: str, other: str):
    more = "Message-ID: <mine@catalog>\r\nIn-Reply-To: <a@x>\r\nReferences: <a@x>\r\nX-Any: 1\r\n"
    raw = mail(other, sender=mailbox, more=more)
    assert send(graph, mailbox, raw).status_code == 202
    for folder, box in (("sentitems", mailbox), ("inbox", other)):
        [kept] = entra.messages(box, folder)
        found = parsed(kept["raw"])
        assert (found["Message-ID"], found["In-Reply-To"], found["X-Any"]) == ("<mine@catalog>", "<a@x>", "1")
    params = {"$filter": "internetMessageId eq '<mine@catalog>'"}
    assert len(graph("GET", f"/v1.0/users/{mailbox}/mailFolders/sentitems/messages", params=params).json()["value"]) == 1


def test_a_message_without_recipients_is_refused(entra: Running, graph: Graph, mailbox: str):
    assert error(send(graph, mailbox, b"Subject: x\r\n\r\nx\r\n"))[:2] == (400, "ErrorInvalidRecipients")
    assert entra.messages(mailbox) == []


def test_json_is_refused(graph: Graph, mailbox: str):
    message = {"subject": "x", "toRecipients": [{"emailAddress": {"address": mailbox}}]}
    assert error(graph("POST", f"/v1.0/users/{mailbox}/sendMail", {"message": message}))[0] == 415


@pytest.mark.parametrize("data, code", [
    (b"This is no base64!", "ErrorMimeContentInvalidBase64String"), (b"", "ErrorMimeContentInvalid"),
])  # fmt: skip
def test_bad_mime(graph: Graph, mailbox: str, data: bytes, code: str):
    answer = graph("POST", f"/v1.0/users/{mailbox}/sendMail", data=data, headers={"Content-Type": "text/plain"})
    assert error(answer)[:2] == (400, code)


@pytest.mark.parametrize("right, sender", [("send_as", False), ("send_on_behalf", True), (None, None)])
def test_from_another_address(entra: Running, graph: Graph, mailbox: str, right: str | None, sender: bool | None):
    shared = f"shared-{mailbox}"
    entra.user(shared, **({right: [mailbox]} if right else {}))
    answer = send(graph, mailbox, mail(mailbox, sender=shared))
    if sender is None:
        assert error(answer) == (
            403, "ErrorSendAsDenied", "The user account which was used to submit this request does not have the right to send"
            " mail on behalf of the specified sending account. Cannot submit message.")  # fmt: skip
        assert entra.messages(mailbox) == []
        return
    assert answer.status_code == 202
    [received] = entra.messages(mailbox, "inbox")
    found = parsed(received["raw"])
    assert shared in found["From"]
    assert bool(found["Sender"]) is sender


@pytest.mark.parametrize("sender", ["stranger@elsewhere.test", "nobody@contoso.test"])
def test_from_an_address_without_a_user(graph: Graph, mailbox: str, sender: str):
    assert error(send(graph, mailbox, mail(mailbox, sender=sender)))[:2] == (403, "ErrorSendAsDenied")


def test_a_message_id_is_rewritten_as_exchange_may(entra: Running, graph: Graph, mailbox: str):
    entra.fault("rewrite_message_id")
    send(graph, mailbox, mail(mailbox, sender=mailbox, more="Message-ID: <mine@catalog>\r\n"))
    for folder in ("sentitems", "inbox"):
        [found] = entra.messages(mailbox, folder)
        assert parsed(found["raw"])["Message-ID"].endswith(".prod.outlook.com>")
        assert parsed(found["raw"])["X-Microsoft-Original-Message-ID"] == "<mine@catalog>"


def test_a_request_with_a_lost_response_is_carried_out(entra: Running, graph: Graph, mailbox: str):
    entra.fault("lose", path="sendMail", times=1)
    with pytest.raises(ConnectionError):
        send(graph, mailbox, mail(mailbox, sender=mailbox))
    assert len(entra.messages(mailbox, "sentitems")) == 1


def test_an_unknown_recipient_of_its_own_domain_bounces(entra: Running, graph: Graph, mailbox: str):
    assert send(graph, mailbox, mail(f"nobody@{DOMAIN}", sender=mailbox)).status_code == 202
    [bounce] = entra.messages(mailbox, "inbox")
    found = parsed(bounce["raw"])
    assert found.get_content_type() == "multipart/report"
    assert found["Subject"] == "Undeliverable: Hello"
    assert "5.1.10" in found.as_string()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, MailSink, Callable[..., Response]]]:
    """Run an emulator that exchanges mail with a real SMTP server."""
    with MailSink() as sink, Running(
        tmp_path_factory.mktemp("outside"), smtp=f"127.0.0.1:{sink.port}", smtp_listen=f"127.0.0.1:{free_port()}"
    ) as entra:  # fmt: skip
        entra.user("anna")
        token = entra.token(entra.application(roles=["Mail.Send"]))
        yield entra, sink, lambda method, path, body=None, **options: entra.graph(token, method, path, body, **options)


def test_mail_goes_out_through_the_server(outside: tuple[Running, MailSink, Graph]):
    _, sink, ask = outside
    raw = mail("one@elsewhere.test, two@elsewhere.test", sender=f"anna@{DOMAIN}", more="Message-ID: <out@x>\r\n")
    assert send(ask, f"anna@{DOMAIN}", raw).status_code == 202
    [message] = sink.wait_for(1)
    sender, recipients, _ = sink.taken[0]
    assert (sender, recipients) == (f"anna@{DOMAIN}", ["one@elsewhere.test", "two@elsewhere.test"])
    assert message["Message-ID"] == "<out@x>" and message["Received"]


def test_a_permanently_refused_message_bounces(outside: tuple[Running, MailSink, Graph]):
    entra, sink, ask = outside
    sink.answer = lambda _envelope: "550 5.7.1 Not here"
    send(ask, f"anna@{DOMAIN}", mail("gone@elsewhere.test", sender=f"anna@{DOMAIN}"))
    [bounce] = wait_until(lambda: entra.messages(f"anna@{DOMAIN}", "inbox"), "no bounce came")
    assert "5.7.1 Not here" in bounce["raw"].decode()
    sink.answer = lambda _envelope: "250 Ok"


def test_mail_comes_in_by_smtp(outside: tuple[Running, MailSink, Graph]):
    entra, _, _ = outside
    entra.user("bert")
    with smtplib.SMTP("127.0.0.1", entra.smtp_port, timeout=PATIENCE) as server:
        server.sendmail("x@elsewhere.test", [f"bert@{DOMAIN}"], mail(f"bert@{DOMAIN}", "From outside"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail("x@elsewhere.test", [f"nobody@{DOMAIN}"], mail(f"nobody@{DOMAIN}"))
    [received] = entra.messages(f"bert@{DOMAIN}", "inbox")
    assert received["subject"] == "From outside"
    assert parsed(received["raw"])["Return-Path"] == "<x@elsewhere.test>"
