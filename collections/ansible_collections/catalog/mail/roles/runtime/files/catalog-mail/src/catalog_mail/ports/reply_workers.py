"""The processes that read the mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.failures.failure import Failure


@dataclass(frozen=True)
class WorkerReport:
    """What a process that reads the mailbox says of itself; times are UTC.

    `state` is one word: working, waiting, failed, disabled. `error` is its last failure, None while all is well.
    """

    name: str
    version: str
    state: str
    last_good_poll: datetime | None = None
    backlog: int = 0
    oldest_unread: datetime | None = None
    taken_by_others: int = 0
    error: Failure | None = None
    error_since: datetime | None = None
    retried: int = 0
    beat_at: datetime | None = None


class ReplyWorkers(Protocol):
    """The processes that read the mailbox."""

    def report(self, report: WorkerReport) -> None:
        """Let this be what is known of it."""

    def reports(self) -> Sequence[WorkerReport]:
        """The last of each."""

    def forget(self, names: Iterable[str]) -> None:
        """They have ended."""
