# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reply of reply_test has the form of a usual mail program's."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, compat32, default

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_message import (
    MAX_QUOTED,
    compose_answer,
    plain_text,
    text_of_answer,
)
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import ReplyFailed

MARKER = "Please type your reply above this line"
TOKEN = "0123456789abcdef0123"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def mention(text=f"{MARKER}\n\nBob mentioned you:\n\n@alice Grüße\n", **headers):
    """Return a mail of the application as read from a mailbox. A header that is None is left out."""
    mail = EmailMessage(policy=SMTP)
    given = {
        "From": "Data Catalog <noreply@corp.test>", "To": "Alice <alice@corp.test>", "Reply-To": "replies+abc@corp.test",
        "Subject": "Bob mentioned you in Größen", "Date": "Sat, 21 Nov 2026 09:00:00 +0000",
        "Message-ID": "<abc@corp.test>", "References": "<thread@corp.test>"}
    for name, value in {**given, **headers}.items():
        if value is not None:
            mail[name] = value
    mail.set_content(text)
    mail.add_alternative("<p>in HTML</p>", subtype="html")
    return message_from_bytes(mail.as_bytes(), policy=compat32)


def answered(**how):
    answer = compose_answer(mention(**how), TOKEN, NOW)
    return answer, message_from_bytes(answer.content, policy=default)


def test_it_goes_from_the_user_to_the_address_for_replies():
    answer, mail = answered()
    assert (answer.sender, answer.recipient, answer.token) == ("alice@corp.test", "replies+abc@corp.test", TOKEN)
    assert (mail["From"], mail["To"]) == ("alice@corp.test", "replies+abc@corp.test")
    assert mail["Message-ID"] == answer.message_id == f"<catalog-mail-reply-test.{TOKEN}@corp.test>"


def test_it_belongs_to_the_thread():
    _letter, mail = answered()
    assert mail["Subject"] == "Re: Bob mentioned you in Größen"
    assert mail["In-Reply-To"] == "<abc@corp.test>"
    assert mail["References"] == "<thread@corp.test> <abc@corp.test>"


def test_its_text_is_above_the_quoted_mail():
    _letter, mail = answered()
    text = mail.get_content().replace("\r\n", "\n")
    attribution = "On Sat, 21 Nov 2026 09:00:00 +0000, Data Catalog <noreply@corp.test> wrote:"
    assert text.startswith(f"{text_of_answer(TOKEN)}\n\n{attribution}\n")
    assert f"\n> {MARKER}\n>\n> Bob mentioned you:\n>\n> @alice Grüße\n" in text
    assert "HTML" not in text


def test_no_header_marks_it_as_automatic():
    """The application must take the reply for a person's: automatic replies are not posted."""
    _letter, mail = answered()
    assert {"Auto-Submitted", "Precedence", "List-Id", "X-Auto-Response-Suppress"} & set(mail) == set()


@pytest.mark.parametrize("how,header,value", [
    ({"Subject": "RE: x"}, "Subject", "RE: x"),
    ({"Subject": None}, "Subject", "Re: "),
    ({"References": None}, "References", "<abc@corp.test>"),
    ({"Message-ID": None}, "In-Reply-To", None),
])
def test_headers_that_differ(how, header, value):
    assert answered(**how)[1][header] == value


@pytest.mark.parametrize("how,said", [
    ({"Reply-To": None}, "no address for replies"),
    ({"Reply-To": "a@corp.test, b@corp.test"}, "no address for replies"),
    ({"To": None}, "not addressed to one person"),
    ({"To": "a@corp.test, b@corp.test"}, "not addressed to one person"),
])
def test_a_mail_that_cannot_be_answered(how, said):
    with pytest.raises(ReplyFailed, match=said) as failed:
        compose_answer(mention(**how), TOKEN, NOW)
    assert failed.value.details["leg"] == "reply"


def test_a_long_mail_is_not_quoted_in_full():
    _letter, mail = answered(text="line\n" * 5000)
    assert mail.get_content().count("> line") == MAX_QUOTED


@pytest.mark.parametrize("raw,text", [
    (b"Content-Type: text/html\r\n\r\n<p>x</p>", ""),
    (b"Content-Type: text/plain; charset=no-such-charset\r\n\r\ncaf\xc3\xa9", "café"),
    (b"Content-Type: text/plain; charset=us-ascii\r\n\r\ncaf\xc3\xa9", "caf\ufffd\ufffd"),
    (b"Subject: x\r\n\r\nplain", "plain"),
])
def test_the_text_of_a_mail(raw, text):
    assert plain_text(message_from_bytes(raw, policy=compat32)) == text
