# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounce in the mailbox of replies becomes the state of its delivery, and only a genuine one does."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from helpers.service.catalog_users import notify, to
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, through
from helpers.service.reply_roundtrip import RoundTrip
from helpers.service.settings_bodies import REPLIES, imap_mailbox, interactions
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

REPORT = """From: MAILER-DAEMON@mail.corp.test (Mail Delivery System)
To: replies@corp.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

This is a MIME-encapsulated message.

--b
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.corp.test.

--b
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.corp.test

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected: User unknown

--b
Content-Description: Undelivered Message
Content-Type: message/rfc822

Received: by mail.corp.test
Message-ID: {message_id}
Subject: returned

--b--
"""


def report(mail: EmailMessage, action: str = "failed", status: str = "5.1.1", message_id: str | None = None) -> bytes:
    """Return Postfix's report about a mail."""
    recipient = mail["To"].addresses[0].addr_spec
    text = REPORT.format(recipient=recipient, action=action, status=status, message_id=message_id or mail["Message-ID"])
    return text.replace("\n", "\r\n").encode()


def deliveries(service: RunningService, state: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.call("GET", "/deliveries", role="viewer", params={"state": state}).json()["items"]
    return found


def test_a_bounce_is_tied_to_its_delivery(service: RunningService, sink: MailSink, dovecot: Dovecot) -> None:
    roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    _conversation, mention = roundtrip.mention()
    replies = interactions(imap_mailbox(dovecot, roundtrip.user), intent_tracking="message_id")
    saved = service.save({**through(sink.port, bounce_to="reply_to"), "interactions": replies})
    assert saved.status_code == 200, saved.text
    _conversation, other = roundtrip.mention("Orders")
    notify(service, "message", subject="Plain", text="No answer.", recipients=[{"address": "anna@corp.test"}])
    (plain,) = wait_until(lambda: to(sink.messages, "anna"), "the plain mail did not come")
    assert [sender for sender, _recipients, _content in sink.taken] == ["noreply@corp.test", REPLIES, REPLIES]
    altered = str(other["Message-ID"]).replace(str(other["Message-ID"])[32], "a" if str(other["Message-ID"])[32] != "a" else "b")
    for content in (
        report(mention), report(mention), report(plain, status="5.7.1"),
        report(other, "delayed", "4.4.1"), report(other, message_id=altered), report(other, message_id="<" + "a" * 26 + "@x>"),
    ):  # fmt: skip
        roundtrip.receive(content)
    with roundtrip.syncing():
        roundtrip.wait_handled(6)
    assert roundtrip.state()["outcomes"]["ignored"] == {"bounce": 6}, "a bounce is no reply"
    bounced = {item["recipient"]["address"]: item for item in deliveries(service, "bounced")}
    assert set(bounced) == {"jane@corp.test", "anna@corp.test"}
    jane = bounced["jane@corp.test"]
    assert jane["server_response"] == "550 550 5.1.1 <jane@corp.test>: Recipient address rejected: User unknown"
    assert "cannot get it (5.1.1)" in jane["cause"] and "Correct the recipient's address" in jane["remedy"]
    assert (jane["reason"], bounced["anna@corp.test"]["reason"]) == ("bounced", "undelivered")
    assert "sender that it does not accept" in bounced["anna@corp.test"]["remedy"]
    assert len(deliveries(service, "sent")) == 1, "neither the delayed report nor the forged ones changed the other mail"
    refused = service.call("POST", f"/deliveries/{jane['id']}/retry")
    assert (refused.status_code, "came back" in refused.json()["cause"]) == (409, True)
    log = service.call("GET", "/replies/messages", role="viewer", params={"outcome": "ignored"}).json()["items"]
    assert sorted(item["delivery_id"] or "" for item in log) == sorted(
        [""] * 3 + [jane["id"]] * 2 + [bounced["anna@corp.test"]["id"]]
    )
    reasons = service.call("GET", "/health", role=None).json()["reasons"]
    (named,) = [reason for reason in reasons if reason["code"] == "recipients-bounce"]
    assert "j***@corp.test" in named["cause"] and "anna" not in named["cause"]
    assert named["count"] == 1
