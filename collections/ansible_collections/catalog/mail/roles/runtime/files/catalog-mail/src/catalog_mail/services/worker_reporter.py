# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish the state of a process that reads the mailbox: for the API, the metrics, and later processes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog_mail.domain.failures.failure import Failure
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.reply_workers import ReplyWorkers, WorkerReport

log = logging.getLogger(__name__)

WORKING, WAITING, FAILED, DISABLED = "working", "waiting", "failed", "disabled"
# Seconds between two heartbeats.
_HEARTBEAT_INTERVAL = 20.0


@dataclass(kw_only=True)
class WorkerReporter:
    """Publishes the report of one process; `name` is `node/process`."""

    name: str
    version: str
    workers: ReplyWorkers
    clock: Clock
    _report: WorkerReport = field(init=False)
    _reported_at: float = 0.0

    def __post_init__(self) -> None:
        self._report = WorkerReport(self.name, self.version, WAITING)

    @property
    def taken_by_others(self) -> int:
        """The number of messages that another program had marked as read, by the last report."""
        return self._report.taken_by_others

    @property
    def retried(self) -> int:
        """The number of retries of this process, by the last report."""
        return self._report.retried

    def publish(self, *, error: Failure | None, **changes: object) -> None:
        """Publish the report with `error` (None clears it) and these changes. Raises the errors of a database driver."""
        since = self._error_since(error)
        self.update(error=error, error_since=since, **changes)

    def update(self, **changes: object) -> None:
        """Publish the report with these changes. Raises the errors of a database driver."""
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]  # the keywords are fields of WorkerReport
        self._reported_at = time.monotonic()
        self.workers.report(self._report)

    def heartbeat(self) -> None:
        """Publish the report again once it is _HEARTBEAT_INTERVAL old; raises nothing."""
        if time.monotonic() - self._reported_at >= _HEARTBEAT_INTERVAL:
            try:
                self.update()
            except Exception as error:
                _log_lost(error)

    def failed(self, failure: Failure) -> None:
        """Log a failure and publish it; raises nothing."""
        log.error("%s %s", failure.cause, failure.remedy)
        try:
            self.publish(state=FAILED, error=failure)
        except Exception as error:  # the failure may be the database's own
            _log_lost(error)

    def detect_crash(self) -> bool:
        """Return whether an earlier process of this node ended in the middle of a pass. Removes that process's report."""
        node = self.name.partition("/")[0]
        reports = [report for report in self.workers.reports() if report.name.partition("/")[0] == node]
        ended = [report.name for report in reports if report.state == WORKING]
        self.workers.forget(ended)  # a live process publishes its report again
        return bool(ended)

    def withdraw(self) -> None:
        """Remove the report, since the process ends normally; raises nothing."""
        try:
            self.workers.forget([self.name])
        except Exception as error:
            _log_lost(error)

    def _error_since(self, error: Failure | None) -> datetime | None:
        """Return the time of the first error of an uninterrupted series."""
        if error is None:
            return None
        return self._report.error_since or self.clock.now()


def _log_lost(error: Exception) -> None:
    log.warning("the state could not be recorded (%s)", type(error).__name__)
