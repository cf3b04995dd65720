# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of messages and the keys of replies do not grow without end, and no reply is posted twice for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.message_log import DatabaseMessageLog
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.tables import metadata
from catalog_mail.domain.replies.logged import LogOutcome
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.retention import ReplyRetention
from catalog_mail.ports.message_log import MessageFilter
from catalog_mail.ports.pages import PageRequest
from catalog_mail.ports.replies import Handled, Noted
from catalog_mail.services.reply_housekeeping import PORTION, ReplyHousekeeping
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from sqlalchemy import Engine

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = Place("imap://replies@mail/INBOX", "1")
TIMES = {"notifications": "created_at", "deliveries": "accepted_at", "replies": "posted_at", "handled": "handled_at"}


def make_older(service: RunningService, days: int) -> None:
    """Change the times of all that is stored, as if it were older."""
    with sqlite3.connect(service.database) as database:
        for table, column in TIMES.items():
            database.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%d %H:%M:%f000', {column}, '-{days} days')")  # noqa: S608  # the names above


def test_an_answer_of_day_60_is_posted_and_an_old_one_not_again(
    service: RunningService, sink: MailSink, dovecot: Dovecot
) -> None:
    roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "At once."))
    with roundtrip.syncing():
        roundtrip.replies(conversation)
        roundtrip.wait_handled(1)
    make_older(service, 60)
    dovecot.set_flags(roundtrip.user, "1:*", "\\Seen $CatalogPosted", how="-FLAGS.SILENT")
    roundtrip.receive(answer(mail, "On day 60."))
    with roundtrip.syncing():
        texts = [post["text"] for post in roundtrip.replies(conversation, 2)]
        roundtrip.wait_handled(2)
    assert texts == ["At once.", "On day 60."]
    assert len(roundtrip.posts(conversation)) == 3
    found = service.call("GET", "/replies/messages", role="viewer").json()["items"]
    assert {message["reason"] for message in found} == {None, "copy"}, "the entry of day 0 is removed, and its key is not"


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_old_entries_and_failures_are_removed_in_portions(engine: Engine) -> None:
    log, store = DatabaseMessageLog(engine), DatabaseReplies(engine)
    for key in ("decided", "waits"):
        store.failed(PLACE, key)
    old, number = NOW - timedelta(days=31), PORTION + 3
    ends = [Handled(str(key), Disposition.IGNORED, "bounce") for key in range(number)]
    store.record(PLACE, [*ends, Handled("decided", Disposition.REJECTED, "empty")], old)
    store.note(PLACE, [Noted("waits", LogOutcome.WAITING, "decision_failed")], NOW)
    store.record(PLACE, [Handled("new", Disposition.IGNORED, "bounce")], NOW - timedelta(days=29))
    removed: list[int] = []
    counted = log.remove_entries

    class Counting(DatabaseMessageLog):
        def remove_entries(self, before: datetime, limit: int) -> int:
            removed.append(counted(before, limit))
            return removed[-1]

    ReplyHousekeeping(Counting(engine), ReplyRetention.of_days(30, 90), Clock()).tidy_up()
    assert removed == [PORTION, 4]
    assert {message.key for message in log.page(PageRequest(), MessageFilter()).items} == {"waits", "new"}
    assert [store.failed(PLACE, key) for key in ("decided", "waits")] == [1, 2]


@pytest.mark.parametrize(
    ("mail_log", "intents", "log", "keys"), [(30, 90, 30, 120), (365, 90, 365, 395), (1, 7, 8, 37)]
)
def test_keys_stay_longer_than_an_answer_can_come(mail_log: int, intents: int, log: int, keys: int) -> None:
    assert ReplyRetention.of_days(mail_log, intents) == ReplyRetention(timedelta(days=log), timedelta(days=keys))
