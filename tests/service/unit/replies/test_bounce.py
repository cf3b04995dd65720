# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bounces report the failure of an e-mail of this service, for servers of several makers."""

from __future__ import annotations

import email
import email.policy

import pytest
from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.health import bounce_reason
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.automatic import OwnAddresses, automatic
from catalog_mail.domain.replies.bounce import bounce_report
from catalog_mail.domain.replies.bounced import BounceReport
from catalog_mail.domain.replies.extraction import Contents
from catalog_mail.domain.replies.reply import Reason

KEY, OTHER = b"k" * 32, b"o" * 32
DELIVERY = "abcdefghijklmnopqrstuvwxyz"
INTENT = intent.make(KEY, DELIVERY)
HANDLE = DELIVERY[:14]
OWN = OwnAddresses("noreply@corp.test", "replies@corp.test", "catalog.corp.test")
NAMED = f"Message-ID: <{INTENT}@corp.test>"

STANDARD = """From: MAILER-DAEMON@mail.corp.test (Mail Delivery System)
To: replies@corp.test
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.corp.test
X-Postfix-Queue-ID: 4B1

Final-Recipient: rfc822; jane@corp.test
Original-Recipient: rfc822;jane@corp.test
Action: {action}
Status: {status}
Remote-MTA: dns; mx.corp.test
Diagnostic-Code: smtp; 550 5.1.1 <jane@corp.test>: User unknown

--b
Content-Type: {returned}

From: Data Catalog <noreply@corp.test>
{named}
Subject: Joe mentioned you

--b--
"""
QMAIL = """From: MAILER-DAEMON@mail.example.net
To: replies@corp.test
Subject: failure notice

Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<jane@corp.test>:
Sorry, no mailbox here by that name. (#{status})

--- Below this line is a copy of the message.

Return-Path: <replies@corp.test>
Received: from catalog
From: Data Catalog <noreply@corp.test>
{named}
Subject: Joe mentioned you

5.2.2 and 4.4.7 in the text of the message
"""
EXIM = """From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: replies@corp.test
Subject: Mail delivery failed: returning message to sender
Auto-Submitted: auto-replied
{headers}
This message was created automatically by mail delivery software.

{said}

  jane@corp.test
    host mx.corp.test [192.0.2.1]

------ This is a copy of the message, including all the headers. ------

Return-path: <replies@corp.test>
{named}
Subject: Joe mentioned you

The text.
"""
EXCHANGE = """From: postmaster@corp.onmicrosoft.test
To: replies@corp.test
Subject: Undeliverable: Joe mentioned you
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: multipart/alternative; boundary="c"

--b
Content-Type: text/plain

Your message to jane@corp.test couldn't be delivered.
Diagnostic information for administrators:
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'
Original message headers:
From: Data Catalog <noreply@corp.test>
Message-ID: <0102019a-rewritten@eu.mail.test>
X-Catalog-Intent: {intent}
--b--
"""


def report(text: str, keys: list[bytes] | None = None) -> BounceReport | None:
    message = email.message_from_bytes(text.replace("\n", "\r\n").encode(), policy=email.policy.compat32)
    contents = Contents(message)
    assert automatic(contents, OWN) is Reason.BOUNCE, "a bounce is ignored as a reply"
    return bounce_report(contents, keys or [KEY])


def standard(
    action: str = "failed", status: str = "5.1.1", returned: str = "message/rfc822", named: str = NAMED
) -> str:
    return STANDARD.format(action=action, status=status, returned=returned, named=named)


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
def test_a_standard_report_names_its_delivery(returned: str) -> None:
    found = report(standard(returned=returned))
    assert found == BounceReport(HANDLE, None, "5.1.1", 550, "550 5.1.1 <jane@corp.test>: User unknown")
    assert (found.failure.code, found.failure.temporary) == (Cause.BOUNCED, False)
    assert "User unknown" in found.failure.cause and "address" in found.failure.remedy


def test_an_internationalised_report_names_its_delivery() -> None:
    found = report(standard().replace("message/delivery-status\n", "message/global-delivery-status\n"))
    assert found is not None and (found.handle, found.status) == (HANDLE, "5.1.1")


@pytest.mark.parametrize(
    ("status", "code"),
    [("5.1.1", Cause.BOUNCED), ("5.2.1", Cause.BOUNCED), ("5.0.0", Cause.BOUNCED), ("5.7.1", Cause.UNDELIVERED),
     ("4.4.7", Cause.UNDELIVERED)],
)  # fmt: skip
def test_only_some_failures_are_the_recipients_own(status: str, code: Cause) -> None:
    found = report(standard(status=status))
    assert found is not None
    assert found.failure.code is code


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_no_failure_changes_nothing(action: str) -> None:
    assert report(standard(action=action, status="4.4.1")) is None


def test_an_email_without_an_intent_is_named_by_its_random_id() -> None:
    named = f"<{DELIVERY}@corp.test>"
    assert report(standard(named=f"Message-ID: {named}")) == BounceReport(
        None, named, "5.1.1", 550, "550 5.1.1 <jane@corp.test>: User unknown"
    )


ALTERED = INTENT[:-1] + ("a" if INTENT[-1] != "a" else "b")


@pytest.mark.parametrize(
    "named",
    [f"Message-ID: <{ALTERED}@corp.test>", f"Message-ID: <{intent.make(OTHER, DELIVERY)}@corp.test>",
     "Message-ID: <1@corp.test>", "X-Nothing: 1", f"Subject: {INTENT}"],
)  # fmt: skip
def test_a_bounce_that_names_nothing_of_ours_does_not_count(named: str) -> None:
    for text in (standard(named=named), QMAIL.format(status="5.1.1", named=named)):
        assert report(text) is None


def test_other_makers_bounces_are_read_as_texts() -> None:
    found = report(QMAIL.format(status="5.1.1", named=NAMED))
    assert found == BounceReport(HANDLE, None, "5.1.1", None, "Sorry, no mailbox here by that name. (#5.1.1)")
    assert report(QMAIL.format(status="4.4.1", named=NAMED)) is None
    failed = "A message that you sent could not be delivered to one or more of its recipients. This is a permanent error."
    found = report(EXIM.format(headers="X-Failed-Recipients: jane@corp.test\n", said=failed, named=NAMED))
    assert found is not None and (found.handle, found.status) == (HANDLE, "5.0.0")
    said = f"{failed}\n    550 No such user here"
    found = report(EXIM.format(headers="", said=said, named=NAMED))
    assert found is not None and (found.status, found.code, found.text) == ("5.0.0", 550, "550 No such user here")
    warned = "A message that you sent has not yet been delivered. No action is required on your part."
    assert report(EXIM.format(headers="X-Failed-Recipients: jane@corp.test\n", said=warned, named=NAMED)) is None
    found = report(EXCHANGE.format(intent=INTENT))
    assert found is not None and (found.handle, found.status, found.code) == (HANDLE, "5.1.10", 550)


def test_recipients_are_named_without_their_mailboxes() -> None:
    reason = bounce_reason(["jane@corp.test", "joe@corp.test", "anna@corp.test", "adam@corp.test"])
    assert reason is not None
    assert "j***@corp.test, j***@corp.test, a***@corp.test and 1 more" in reason.cause
    assert (reason.code, reason.count, reason.fails) == ("recipients-bounce", 4, False)
    assert "mail list --state bounced" in reason.remedy
    assert bounce_reason([]) is None
