# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report the state of receiving replies, for the API, the metrics and the health check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from catalog_mail.domain.errors import NotConfigured
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.replies.problems import SILENT, Observed, ReplyProblem, problems
from catalog_mail.domain.settings.document import IntentTracking, Receiver
from catalog_mail.domain.settings.servers import ReceivingSettings, mailbox_name
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.replies import ReplyStore
from catalog_mail.ports.reply_workers import ReplyWorkers, WorkerReport
from catalog_mail.ports.subaddress_probes import SubaddressProbe
from catalog_mail.services.tracking import Tracking

# Messages that were set aside within this time are a problem; older ones only count in the outcomes.
PUT_ASIDE = timedelta(days=7)


class ReplyStateSettings(Protocol):
    """The e-mail settings in force, as far as the state of replies needs them."""

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are off. Raises NotConfigured."""


@dataclass(frozen=True)
class TrackingState:
    """The way replies are recognised: the configured one, the one in use, and the state of the probe of `auto`."""

    configured: IntentTracking
    in_use: IntentTracking
    probe: SubaddressProbe | None


@dataclass(frozen=True)
class State:
    """The state of receiving replies. `workers` are the live workers; if none is live, the last one."""

    enabled: bool
    receiver: Receiver
    tracking: TrackingState | None
    workers: tuple[WorkerReport, ...]
    outcomes: Mapping[tuple[Disposition, str], int]
    retried: int
    problems: tuple[ReplyProblem, ...]

    @property
    def last_good_poll(self) -> datetime | None:
        """Return the latest successful poll of all workers."""
        return max((worker.last_good_poll for worker in self.workers if worker.last_good_poll), default=None)

    @property
    def latest(self) -> WorkerReport | None:
        """Return the report of the worker with the latest poll, which tells the state of the mailbox; None before the first."""
        looked = [worker for worker in self.workers if worker.last_good_poll]
        return max(looked, key=lambda worker: worker.last_good_poll or datetime.min, default=None)


@dataclass(frozen=True, kw_only=True)
class ReplyState:
    """Reads the reports of the workers from the database."""

    settings: ReplyStateSettings
    tracking: Tracking
    workers: ReplyWorkers
    store: ReplyStore
    clock: Clock

    def look(self) -> State:
        """Return the present state."""
        found: list[ReplyProblem] = []
        receiving = None
        try:
            receiving = self.settings.receiving()
            enabled = receiving is not None
        except NotConfigured as error:  # replies are switched on
            enabled = True
            found.append(ReplyProblem(error.code, error.cause, error.remedy, error.field))
        outcomes = self.store.outcomes()
        workers = self._workers()
        state = State(
            enabled=enabled,
            receiver=receiving.receiver if receiving else Receiver.IMAP,
            tracking=self._tracking(receiving) if receiving else None,
            workers=tuple(workers),
            outcomes=outcomes,
            retried=sum(worker.retried for worker in workers),
            problems=(),
        )
        if receiving:
            interval = timedelta(seconds=receiving.sync_interval)
            found += problems(self._observed(state, receiving), interval, self.clock.now())
        return replace(state, problems=tuple(found))

    def _workers(self) -> list[WorkerReport]:
        reports = list(self.workers.reports())
        alive = [report for report in reports if self._is_alive(report)]
        return alive or sorted(reports, key=lambda report: report.beat_at or datetime.min)[-1:]

    def _is_alive(self, report: WorkerReport) -> bool:
        return report.beat_at is not None and self.clock.now() - report.beat_at < SILENT

    def _observed(self, state: State, receiving: ReceivingSettings) -> Observed:
        alive = [worker for worker in state.workers if self._is_alive(worker)]
        latest = state.latest
        return Observed(
            alive=len(alive),
            last_good_poll=state.last_good_poll,
            oldest_unread=latest.oldest_unread if latest else None,
            backlog=latest.backlog if latest else 0,
            taken_by_others=latest.taken_by_others if latest else 0,
            foreign_intents=latest.foreign_intents if latest else 0,
            foreign_since=latest.foreign_since if latest else None,
            quarantined=self.store.put_aside(self.clock.now() - PUT_ASIDE),
            errors=tuple({worker.error for worker in alive if worker.error}),
            misplaced=latest.misplaced if latest else {},
            mailbox=mailbox_name(receiving.server),
        )

    def _tracking(self, receiving: ReceivingSettings) -> TrackingState:
        probe = self.tracking.state(receiving) if receiving.tracking is IntentTracking.AUTO else None
        return TrackingState(receiving.tracking, self.tracking.in_use(receiving), probe)
