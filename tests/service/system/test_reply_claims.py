# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is promised of replies, through the running service and a real mailbox: when they can be enabled, intents, speed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from helpers.service.catalog_users import add_user
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, through
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.settings_bodies import imap_mailbox, interactions
from helpers.service.smtp_sink import MailSink

# The next poll is far away: a reply that is posted before it was pushed.
HOUR = 3600


@pytest.fixture(scope="module")
def module_sink() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running


@pytest.fixture(scope="module")
def reading(
    tmp_path_factory: pytest.TempPathFactory, prepared: RunningService, module_sink: MailSink, dovecot: Dovecot
) -> Iterator[RoundTrip]:
    """Run a service and its reader for all tests of this file."""
    service = RunningService(tmp_path_factory.mktemp("claims"))
    service.adopt(prepared)
    service.start()
    roundtrip = RoundTrip(service, module_sink, dovecot, dovecot.add_user())
    roundtrip.set_up(sync_interval=HOUR)
    with roundtrip.syncing():
        yield roundtrip
    service.kill()


def test_replies_need_notifications(service: RunningService, sink: MailSink, dovecot: Dovecot) -> None:
    """They are refused while notifications are not set up, or are switched off; then notifications cannot be switched off."""
    replies = interactions(imap_mailbox(dovecot, dovecot.add_user()), intent_tracking="message_id")
    switched_off = through(sink.port, enabled=False)
    for settings, field in (
        ({"interactions": replies}, "notifications.from.address"),
        ({**switched_off, "interactions": replies}, "interactions.enabled"),
    ):
        refused = service.save(settings)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
        assert service.call("GET", "/settings/email-server").json()["interactions"]["enabled"] is False
    assert service.save({**through(sink.port), "interactions": replies}).status_code == 200
    assert service.save({**switched_off, "interactions": replies}).status_code == 422
    kept = service.call("GET", "/settings/email-server").json()
    assert (kept["notifications"]["enabled"], kept["interactions"]["enabled"]) == (True, True)


def test_new_mail_is_pushed_and_posted_within_a_second(reading: RoundTrip) -> None:
    """The fastest of several: other work of the machine may hold up any single one."""
    conversation, mail = reading.mention("Pushed")
    took = []
    for number in range(1, 11):
        began = time.monotonic()
        reading.receive(answer(mail, f"Answer {number}."))
        reading.replies(conversation, number)
        took.append(time.monotonic() - began)
        if took[-1] <= 1:
            break
    assert min(took) <= 1, took


def test_an_intent_is_signed_and_bound(reading: RoundTrip) -> None:
    """An altered intent, or one of another user's mail, posts nothing; a valid one names the conversation, whatever else does."""
    add_user(reading.service, "bill")
    sales, mail = reading.mention("Sales")
    orders, other = reading.mention("Orders")
    intent = str(mail["Message-ID"])[1:33]
    for place in (0, 10, 31):
        altered = intent[:place] + ("a" if intent[place] != "a" else "b") + intent[place + 1 :]
        reading.receive(answer(mail, "Altered.", "mallory@evil.test", In_Reply_To=f"<{altered}@corp.test>", References=None))
    reading.receive(answer(mail, "Not mine.", "Bill <bill@corp.test>"))
    # The words of another conversation's mail, with the intent of this one; and the intent once more.
    reading.receive(answer(other, "For Sales.", In_Reply_To=str(mail["Message-ID"]), References=None))
    reading.receive(answer(mail, "Once more."))
    assert [post["text"] for post in reading.replies(sales, 2)] == ["For Sales.", "Once more."]
    assert len(reading.posts(orders)) == 1
    rejected = reading.state()["outcomes"]["rejected"]
    assert (rejected["forged_intent"], rejected["wrong_sender"]) == (3, 1)


def test_an_intent_expires(reading: RoundTrip) -> None:
    """A mail of 90 days ago cannot be answered, and one of a day less can."""
    conversation, mail = reading.mention("Old")
    with closing(sqlite3.connect(reading.service.database)) as database:
        for days, text in ((89, "In time."), (91, "Too late.")):
            change = "UPDATE notifications SET created_at = datetime('now', ?) WHERE data LIKE '%\"Old\"%'"
            assert database.execute(change, [f"-{days} days"]).rowcount == 1
            database.commit()
            before = len(reading.keywords())
            reading.receive(answer(mail, text))
            reading.wait_handled(before + 1)
    assert [post["text"] for post in reading.replies(conversation)] == ["In time."]
    assert reading.state()["outcomes"]["rejected"]["expired_intent"] == 1
