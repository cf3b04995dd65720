# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that read the mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.failures.failure import Failure


@dataclass(frozen=True)
class WorkerReport:
    """The status report of a process that reads the mailbox; times are UTC.

    `state` is one word: working, waiting, failed, disabled. `error` is the last failure, None when the process works.
    `misplaced` are the numbers of replies in other folders of the mailbox. `foreign_intents` counts the messages that are left
    unread because no key of this installation signed their intent; the first was seen at `foreign_since`.
    """

    name: str
    version: str
    state: str
    last_good_poll: datetime | None = None
    backlog: int = 0
    oldest_unread: datetime | None = None
    taken_by_others: int = 0
    foreign_intents: int = 0
    foreign_since: datetime | None = None
    misplaced: Mapping[str, int] = field(default_factory=dict)
    error: Failure | None = None
    error_since: datetime | None = None
    retried: int = 0
    beat_at: datetime | None = None


class ReplyWorkers(Protocol):
    """The processes that read the mailbox."""

    def report(self, report: WorkerReport) -> None:
        """Store the report of a process in place of its earlier one."""

    def reports(self) -> Sequence[WorkerReport]:
        """Return the last report of each process."""

    def forget(self, names: Iterable[str]) -> None:
        """Remove the reports of processes that have ended."""
