# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the mailbox as long as the process lives: on each arrival, and at least every `sync_interval`.

Changed settings take effect at once. Failures are retried, with growing pauses.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError, StorageFailed
from catalog_mail.domain.failures.failure import Cause, Failure, MailboxFailed
from catalog_mail.domain.replies.automatic import OwnAddresses
from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.retry_schedule import RetrySchedule, pause
from catalog_mail.domain.settings.servers import ReceivingSettings, SendingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox, Mailboxes, MailboxMarks
from catalog_mail.ports.replies import ReplyStore
from catalog_mail.services.misplaced import MisplacedReplies
from catalog_mail.services.reply_housekeeping import ReplyHousekeeping
from catalog_mail.services.reply_sync import PassResult, ReplySync
from catalog_mail.services.retrying import Retrying
from catalog_mail.services.tracking import Tracking
from catalog_mail.services.worker_reporter import DISABLED, WAITING, WORKING, WorkerReporter

log = logging.getLogger(__name__)

# Longest time in seconds until a stop or changed settings are noticed.
_STOP_INTERVAL = 1.0
_SETTINGS_INTERVAL = 3.0


class ReplyWatchSettings(Protocol):
    """The e-mail settings in force, as far as reading the mailbox needs them."""

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are off. Raises NotConfigured."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""

    def revision(self) -> int:
        """Return the revision of the settings; it grows with each change."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules that are fixed while the process lives."""

    intent_keys: Sequence[bytes]
    valid_for: timedelta
    list_domain: str


@dataclass(kw_only=True)
class ReplyWatch:
    """Reads the mailbox in one process."""

    settings: ReplyWatchSettings
    mailboxes: Mailboxes
    sync: ReplySync
    retrying: Retrying
    tracking: Tracking
    store: ReplyStore
    reporter: WorkerReporter
    marks: MailboxMarks
    housekeeping: ReplyHousekeeping
    clock: Clock
    rules: Rules
    _after_crash: bool | None = None
    _failures: int = 0

    def run(self, ready: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """Read the mailbox until `stopping` is true. `ready` is called after the settings were read for the first time."""
        while not stopping():
            try:
                self._detect_crash()
                self._read_mailbox(ready, stopping)
            except CatalogMailError as error:
                failure = _failure(error)
                self._failed(failure)
                ready()
                self._sleep(pause(self._failures, failure.retry_after), stopping)
            except StorageFailed as error:
                self._failed(_of_storage(error))
                self._sleep(pause(self._failures), stopping)
            except Exception as error:  # a bug; the next pass may succeed
                log.exception("reading the mailbox was interrupted")
                self._failed(_internal(error))
                self._sleep(pause(self._failures), stopping)
        self.reporter.withdraw()

    def _detect_crash(self) -> None:
        if self._after_crash is None:
            self._after_crash = self.reporter.detect_crash()

    def _failed(self, failure: Failure) -> None:
        self._failures += 1
        self.reporter.failed(failure)

    def _read_mailbox(self, ready: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """Read the mailbox by the settings in force, until they change."""
        revision = self.settings.revision()
        receiving = self.settings.receiving()
        self.housekeeping.tidy_up()
        if receiving is None:
            self.reporter.publish(state=DISABLED, error=None)
            ready()
            self._sleep(_SETTINGS_INTERVAL, stopping)
            return
        ready()
        with self._open_mailbox(receiving) as mailbox:
            log.info("reading %s", mailbox.place.mailbox)
            self._sync_repeatedly(mailbox, receiving, revision, stopping)

    @contextmanager
    def _open_mailbox(self, receiving: ReceivingSettings) -> Iterator[Mailbox]:
        mailbox = self.mailboxes.open(receiving.server, receiving.sent_from, receiving.quick_look)
        try:
            yield mailbox
        finally:
            mailbox.close()

    def _sync_repeatedly(
        self, mailbox: Mailbox, receiving: ReceivingSettings, revision: int, stopping: Callable[[], bool]
    ) -> None:
        """Make passes as long as these settings are in force."""
        schedule, retries = RetrySchedule(time.monotonic), RetrySchedule(time.monotonic)
        misplaced = MisplacedReplies(self.clock, receiving.sync_interval)
        blocked = 0
        while not stopping():
            self.reporter.update(state=WORKING)
            policy = self._policy(receiving)
            result = self.retrying.run(mailbox, policy, retries, stopping)
            if result is None or not result.blocked:
                result = self.sync.sync(mailbox, policy, schedule, stopping, after_crash=bool(self._after_crash))
            self._after_crash = False
            self._maintain_probe()
            self.housekeeping.tidy_up()
            self._report_overview(mailbox, result, misplaced.look(mailbox, policy))
            blocked = blocked + 1 if result.blocked else 0
            if blocked:
                seconds = pause(blocked, result.blocked.retry_after if result.blocked else None, receiving.sync_interval)
                self._sleep(seconds, stopping)
            else:
                waiting = min(receiving.sync_interval, schedule.soonest() or receiving.sync_interval)
                self._wait(mailbox, waiting, lambda: self._has_work(mailbox, revision, retries), stopping)
            if self.settings.revision() != revision:
                log.info("the settings have changed")
                return

    def _policy(self, receiving: ReceivingSettings) -> Policy:
        own_addresses = OwnAddresses(self.settings.sending().from_address, receiving.reply_to, self.rules.list_domain)
        return Policy(
            keys=self.rules.intent_keys,
            valid_for=self.rules.valid_for,
            own_addresses=own_addresses,
            authserv_id=receiving.authserv_id,
        )

    def _maintain_probe(self) -> None:
        try:
            self.tracking.maintain_probe()
        except CatalogMailError as error:
            log.warning("sub-addresses cannot be tested: %s", error)

    def _report_overview(self, mailbox: Mailbox, result: PassResult, misplaced: Mapping[str, int]) -> None:
        """Report the state of the mailbox after a pass."""
        since = self.marks.mark(mailbox.place)
        overview = mailbox.overview(since)
        foreign = self.sync.foreign.left(mailbox.place)
        if since is None and overview.last is not None:
            self.marks.move(mailbox.place, overview.last)
        taken = len(set(overview.taken) - set(self.store.handled(mailbox.place, overview.taken)))
        if taken > self.reporter.taken_by_others:
            log.warning("%d messages of %s were marked as read by something else", taken, mailbox.place.mailbox)
        self._failures = 0
        self.reporter.publish(
            state=WAITING,
            error=_catalog_failure(result),
            last_good_poll=self.clock.now(),
            backlog=overview.unread,
            oldest_unread=overview.oldest_unread,
            taken_by_others=taken,
            foreign_intents=foreign.count,
            foreign_since=foreign.since,
            misplaced=misplaced,
            retried=self.reporter.retried + result.retried,
        )

    def _has_work(self, mailbox: Mailbox, revision: int, retries: RetrySchedule) -> bool:
        """Return whether the settings have changed, or a message is to be tried again."""
        return self.settings.revision() != revision or self.retrying.waits(mailbox, retries)

    def _wait(self, mailbox: Mailbox, seconds: float, has_work: Callable[[], bool], stopping: Callable[[], bool]) -> None:
        """Wait until mail arrives, `has_work` returns true, or `seconds` have passed."""
        end = time.monotonic() + seconds
        looked = time.monotonic()
        while (left := end - time.monotonic()) > 0 and not stopping():
            if mailbox.wait(min(_STOP_INTERVAL, left)):
                return
            self.reporter.heartbeat()
            if time.monotonic() - looked >= _SETTINGS_INTERVAL:
                looked = time.monotonic()
                if has_work():
                    return

    def _sleep(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Wait without the mailbox; changed settings end the wait."""
        end = time.monotonic() + seconds
        revision = self._revision()
        while (left := end - time.monotonic()) > 0 and not stopping():
            time.sleep(min(_STOP_INTERVAL, left))
            self.reporter.heartbeat()
            if self._revision() != revision:
                return

    def _revision(self) -> int | None:
        try:
            return self.settings.revision()
        except Exception:  # the database fails, which is in the log already
            return None


def _failure(error: CatalogMailError) -> Failure:
    if isinstance(error, MailboxFailed):
        return error.failure
    return Failure(Cause.NOT_CONFIGURED, error.cause, error.remedy, temporary=True, field=error.field)


def _of_storage(error: StorageFailed) -> Failure:
    return Failure(Cause.INTERNAL_ERROR, error.cause, error.remedy, temporary=True)


def _internal(error: Exception) -> Failure:
    return Failure(
        Cause.INTERNAL_ERROR,
        f"Reading the mailbox was interrupted ({type(error).__name__}).",
        "Reading is retried automatically; the service's journal has the details.",
        temporary=True,
    )


def _catalog_failure(result: PassResult) -> Failure | None:
    if result.blocked is None:
        return None
    return Failure(
        Cause.CATALOG_FAILED,
        result.blocked.detail,
        "The replies stay unread in the mailbox, and are posted as soon as the catalog takes them; check the catalog.",
        temporary=True,
    )
