"""Reading the mailbox for as long as the process lives: on each arrival, and every `sync_interval` whatever happens.

Settings are followed as they change. What fails is tried again, with pauses that grow.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError
from catalog_mail.domain.failures.failure import Cause, Failure, MailboxFailed
from catalog_mail.domain.replies.automatic import Ours
from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.retry_schedule import Patience, pause
from catalog_mail.domain.settings.document import ReceivingSettings, SendingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox, Mailboxes, MailboxMarks
from catalog_mail.ports.replies import ReplyStore
from catalog_mail.ports.reply_workers import ReplyWorkers, WorkerReport
from catalog_mail.services.reply_sync import Pass, ReplySync
from catalog_mail.services.tracking import Tracking

log = logging.getLogger(__name__)

WORKING, WAITING, FAILED, DISABLED = "working", "waiting", "failed", "disabled"
# Seconds: how long a stop may go unnoticed, after how long changed settings are noticed, between two signs of life.
_SLICE = 1.0
_LOOK = 3.0
_BEAT = 20.0


class Settings(Protocol):
    """What reading the mailbox asks of the e-mail settings."""

    def receiving(self) -> ReceivingSettings | None:
        """How replies are received; None while they are off. Raises NotConfigured."""

    def sending(self) -> SendingSettings:
        """How to send. Raises NotConfigured."""

    def revision(self) -> int:
        """It grows with each change."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What does not change while the process lives."""

    intent_keys: Sequence[bytes]
    valid_for: timedelta
    list_domain: str


@dataclass(kw_only=True)
class ReplyWatch:
    """One process that reads the mailbox; `name` is its own."""

    name: str
    version: str
    settings: Settings
    mailboxes: Mailboxes
    sync: ReplySync
    tracking: Tracking
    store: ReplyStore
    workers: ReplyWorkers
    marks: MailboxMarks
    clock: Clock
    rules: Rules
    _report: WorkerReport = field(init=False)
    _careful: bool | None = None
    _failures: int = 0
    _reported_at: float = 0.0

    def __post_init__(self) -> None:
        self._report = WorkerReport(self.name, self.version, WAITING)

    def run(self, ready: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """Until `stopping` is true. `ready` is called once the settings were looked at for the first time."""
        while not stopping():
            try:
                self._look_back()
                self._once(ready, stopping)
            except CatalogMailError as error:
                failure = _failure(error)
                self._failed(failure)
                ready()
                self._rest(pause(self._failures, failure.retry_after), stopping)
            except Exception as error:  # whatever a database driver raises while its server restarts
                log.exception("reading the mailbox was interrupted")
                self._failed(_internal(error))
                self._rest(pause(self._failures), stopping)
        self.workers.forget([self.name])

    def _look_back(self) -> None:
        """Whether a process of this node has ended in the middle of a pass; asked once."""
        if self._careful is not None:
            return
        node = self.name.partition("/")[0]
        reports = [report for report in self.workers.reports() if report.name.partition("/")[0] == node]
        ended = [report.name for report in reports if report.state == WORKING]
        self._careful = bool(ended)
        self.workers.forget(ended)  # one that lives reports itself again

    def _once(self, ready: Callable[[], None], stopping: Callable[[], bool]) -> None:
        revision = self.settings.revision()
        receiving = self.settings.receiving()
        if receiving is None:
            self._tell(state=DISABLED, error=None, error_since=None)
            ready()
            self._rest(_LOOK, stopping)
            return
        ready()
        with self._opened(receiving) as mailbox:
            log.info("reading %s", mailbox.place.mailbox)
            self._follow(mailbox, receiving, revision, stopping)

    @contextmanager
    def _opened(self, receiving: ReceivingSettings) -> Iterator[Mailbox]:
        mailbox = self.mailboxes.open(receiving.server, receiving.sent_from)
        try:
            yield mailbox
        finally:
            mailbox.close()

    def _follow(self, mailbox: Mailbox, receiving: ReceivingSettings, revision: int, stopping: Callable[[], bool]) -> None:
        """One pass after the other, as long as these settings hold."""
        patience = Patience(time.monotonic)
        blocked = 0
        while not stopping():
            self._tell(state=WORKING)
            result = self.sync.sync(mailbox, self._policy(receiving), patience, stopping, carefully=bool(self._careful))
            self._careful = False
            self._tend()
            self._look_around(mailbox, result)
            blocked = blocked + 1 if result.blocked else 0
            if blocked:
                seconds = pause(blocked, result.blocked.retry_after if result.blocked else None, receiving.sync_interval)
                self._rest(seconds, stopping)
            else:
                waiting = min(receiving.sync_interval, patience.soonest() or receiving.sync_interval)
                self._wait(mailbox, waiting, revision, stopping)
            if self.settings.revision() != revision:
                log.info("the settings have changed")
                return

    def _policy(self, receiving: ReceivingSettings) -> Policy:
        ours = Ours(self.settings.sending().from_address, receiving.reply_to, self.rules.list_domain)
        return Policy(
            keys=self.rules.intent_keys, valid_for=self.rules.valid_for, ours=ours, authserv_id=receiving.authserv_id
        )

    def _tend(self) -> None:
        try:
            self.tracking.tend()
        except CatalogMailError as error:
            log.warning("sub-addresses cannot be tested: %s", error)

    def _look_around(self, mailbox: Mailbox, result: Pass) -> None:
        """What stands in the mailbox after a pass, for those who watch over it."""
        since = self.marks.mark(mailbox.place)
        overview = mailbox.overview(since)
        if since is None and overview.last is not None:
            self.marks.move(mailbox.place, overview.last)
        taken = len(set(overview.taken) - set(self.store.handled(mailbox.place, overview.taken)))
        if taken > self._report.taken_by_others:
            log.warning("%d messages of %s were marked as read by something else", taken, mailbox.place.mailbox)
        self._failures = 0
        error = _catalog_failure(result)
        self._tell(
            state=WAITING,
            last_good_poll=self.clock.now(),
            backlog=overview.unread,
            oldest_unread=overview.oldest_unread,
            taken_by_others=taken,
            retried=self._report.retried + result.retried,
            error=error,
            error_since=self._since(error),
        )

    def _wait(self, mailbox: Mailbox, seconds: float, revision: int, stopping: Callable[[], bool]) -> None:
        """Until something arrives, the settings change, or so many seconds have passed."""
        end = time.monotonic() + seconds
        looked = time.monotonic()
        while (left := end - time.monotonic()) > 0 and not stopping():
            if mailbox.wait(min(_SLICE, left)):
                return
            self._beat()
            if time.monotonic() - looked >= _LOOK:
                looked = time.monotonic()
                if self.settings.revision() != revision:
                    return

    def _rest(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Without the mailbox; changed settings end it."""
        end = time.monotonic() + seconds
        revision = self._revision()
        while (left := end - time.monotonic()) > 0 and not stopping():
            time.sleep(min(_SLICE, left))
            self._beat()
            if self._revision() != revision:
                return

    def _revision(self) -> int | None:
        try:
            return self.settings.revision()
        except Exception:  # the database is away; that has been said
            return None

    def _failed(self, failure: Failure) -> None:
        self._failures += 1
        log.error("%s %s", failure.cause, failure.remedy)
        try:
            self._tell(state=FAILED, error=failure, error_since=self._since(failure))
        except Exception as error:  # the database is away; then nobody can be told
            log.warning("the state could not be recorded (%s)", type(error).__name__)

    def _since(self, error: Failure | None) -> datetime | None:
        """Since when there is an error; the first of a row counts."""
        if error is None:
            return None
        return self._report.error_since or self.clock.now()

    def _beat(self) -> None:
        if time.monotonic() - self._reported_at >= _BEAT:
            try:
                self._tell()
            except Exception as error:
                log.warning("the state could not be recorded (%s)", type(error).__name__)

    def _tell(self, **changes: object) -> None:
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]
        self._reported_at = time.monotonic()
        self.workers.report(self._report)


def _failure(error: CatalogMailError) -> Failure:
    if isinstance(error, MailboxFailed):
        return error.failure
    return Failure(Cause.NOT_CONFIGURED, error.cause, error.remedy, temporary=True, field=error.field)


def _internal(error: Exception) -> Failure:
    return Failure(
        Cause.INTERNAL_ERROR,
        f"Reading the mailbox was interrupted ({type(error).__name__}).",
        "It is tried again by itself; the service's journal has the details.",
        temporary=True,
    )


def _catalog_failure(result: Pass) -> Failure | None:
    if result.blocked is None:
        return None
    return Failure(
        Cause.CATALOG_FAILED,
        result.blocked.detail,
        "The replies stay unread in the mailbox, and are posted as soon as the catalog takes them; see to the catalog.",
        temporary=True,
    )
