# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox with large messages: they are handled a few at a time, and systemd's watchdog knows of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from catalog_mail import config
from catalog_mail.adapters.reader_processes import ReaderProcesses
from catalog_mail.bootstrap import replying
from catalog_mail.bootstrap.components import Components
from catalog_mail.domain.replies.automatic import OwnAddresses
from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.replies.retry_schedule import RetrySchedule
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.services import reply_sync
from catalog_mail.watchdog import Progress
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.settings_bodies import REPLIES
from helpers.service.smtp_sink import MailSink


class CountedProgress(Progress):
    """The progress of a reader; counts its pieces of work."""

    pieces = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        self.pieces += 1
        with super().working():
            yield


class RecordedMailbox:
    """A mailbox that records how many messages are marked at a time."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self.marked: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        self.marked.append(len(keys))
        self._mailbox.mark(keys, disposition)


def test_large_messages_are_handled_a_few_at_a_time(
    service: RunningService, sink: MailSink, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory stays bounded: a chunk ends with the message that fills it."""
    roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    conversation, mail = roundtrip.mention()
    for number in range(5):
        roundtrip.receive(answer(mail, f"Number {number}. " + "A long reply. " * 2000))
    monkeypatch.setattr(reply_sync, "CHUNK_BYTES", 100_000)
    components = Components(config.load(roundtrip.service.config))
    progress = CountedProgress()
    watch = replying.make_watch(components, progress, ReaderProcesses(0))
    receiving = components.settings.receiving()
    assert receiving
    mailbox = RecordedMailbox(components.mailboxes.open(receiving.server))
    own = OwnAddresses("noreply@corp.test", REPLIES, "catalog.example.com")
    policy = Policy(keys=components.intent_keys, valid_for=timedelta(days=1), own_addresses=own)
    result = watch.sync.sync(cast("Mailbox", mailbox), policy, RetrySchedule(time.monotonic), lambda: False)
    mailbox.close()
    assert (result.handled, mailbox.marked) == (5, [2, 2, 1])
    assert progress.pieces == 2 * 5, "each message is read, and decided about"
    assert [post["text"].split(".")[0] for post in roundtrip.replies(conversation, 5)] == [f"Number {n}" for n in range(5)]
