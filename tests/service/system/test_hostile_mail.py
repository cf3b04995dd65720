# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile mail in a real mailbox: it does not block later mail, and its cost is linear in its size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.service.decision_cost import SHAPES, seconds
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink

LARGEST = 1_000_000
ODD = [
    b"\r\n", b"x", b"\x00" * 5000, b"From: jane@corp.test\r\n", b"\xff" * 5000, b"From: a" + b"\r\n b" * 5000 + b"\r\n\r\n",
    b"From: " + b"(" * 20_000 + b"\r\n\r\nx", b":" * 5000, b"\n" * 5000, b"MIME-Version: 1.0\r\n" * 2000,
]  # fmt: skip


def test_mail_after_hostile_mail_is_posted(make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot) -> None:
    roundtrip = RoundTrip(make_service(replies={"largest_message": LARGEST}), sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    conversation, mail = roundtrip.mention()
    intent = str(mail["Message-ID"])
    # A foreign intent from a user would be left for another installation.
    hostile = [content.replace(b"jane@corp.test", b"stranger@corp.test")
               for content in (*ODD, *(make(60_000) for make in SHAPES.values()), SHAPES["text"](LARGEST * 2))]  # fmt: skip
    for content in hostile:
        roundtrip.receive(content)
    # Expensive mail from a sender who may reply.
    for make in SHAPES.values():
        content = make(60_000)
        roundtrip.receive(b"References: " + intent.encode() + b"\r\n" + content.replace(b"In-Reply-To", b"X-Nothing", 1))
    roundtrip.receive(answer(mail, "Behind all that."))
    everything = len(hostile) + len(SHAPES) + 1
    with roundtrip.syncing():
        roundtrip.wait_handled(everything)
    assert [post["text"] for post in roundtrip.posts(conversation)][-1] == "Behind all that."
    assert all(len(flags) == 2 for flags in roundtrip.keywords()), "each message has its keyword"
    assert roundtrip.state()["workers"] == [], "the process ended without an error"
    print(roundtrip.state()["outcomes"])


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_size_costs_about_ten_times_the_time(shape: str) -> None:
    for _ in range(3):  # other processes share this machine
        small, large = seconds(shape, 20_000), seconds(shape, 200_000)
        if large < small * 30 + 0.05:
            return
    raise AssertionError(f"{small:.3f} s for 20 KB, {large:.3f} s for 200 KB")
