# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own mail server does not slow down with the number of its mails."""

from __future__ import annotations

import email
import smtplib

import pytest
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

MANY = 30


def send(client: smtplib.SMTP, number: int) -> None:
    client.sendmail("noreply@corp.test", ["alice@corp.test"], f"Subject: {number}\r\n\r\ntext\r\n")


def test_each_mail_is_parsed_once(sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    parse = email.message_from_bytes
    monkeypatch.setattr(email, "message_from_bytes", lambda raw, **options: parsed.append(raw) or parse(raw, **options))
    for number in range(MANY):
        with smtplib.SMTP("127.0.0.1", sink.port, timeout=PATIENCE) as client:
            send(client, number)
        assert len(sink.messages) == number + 1
        assert [message["Subject"] for message in sink.wait_for(number + 1)][-1] == str(number)
    assert len(parsed) == MANY
    sink.clear()
    assert (sink.messages, sink.taken) == ([], [])


def test_no_mail_is_parsed_that_nobody_reads(sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "message_from_bytes", lambda *_words, **_options: pytest.fail("a mail was parsed"))
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=PATIENCE) as client:
        for number in range(MANY):
            send(client, number)
    assert len(sink.taken) == MANY
