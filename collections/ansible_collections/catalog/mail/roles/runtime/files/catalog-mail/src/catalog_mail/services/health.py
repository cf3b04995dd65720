# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out how healthy the service is, and count its deliveries for the metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain import health
from catalog_mail.domain.errors import CatalogMailError, NotConfigured, StorageFailed
from catalog_mail.domain.failures.storage import StorageFault, storage_failed
from catalog_mail.domain.health import Reason, Report
from catalog_mail.domain.notifications.notification import State
from catalog_mail.domain.settings.expiry import expiries
from catalog_mail.domain.settings.servers import SendingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.drift import DriftStore
from catalog_mail.ports.health import Disk, StorageProbe
from catalog_mail.ports.notifications import NotificationStore
from catalog_mail.services.email_settings import View
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.single_check import SingleCheck

log = logging.getLogger(__name__)

# Seconds after which a check that has not ended is reported.
PATIENCE = 4.0


class Worker(Protocol):
    """A background worker."""

    def alive(self) -> bool:
        """Return whether the worker makes progress, or waits for a server within its timeouts."""


class HealthSettings(Protocol):
    """The e-mail settings in force, as far as the health check needs them."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""

    def configured(self) -> bool:
        """Return whether `sending` would succeed."""

    def read(self) -> View:
        """Return the settings for display."""


@dataclass(kw_only=True)
class Health:
    """Checks storage, queue, settings, sending, replies, credentials, disk and drift."""

    store: NotificationStore
    probe: StorageProbe
    disk: Disk
    worker: Worker
    settings: HealthSettings
    replies: ReplyState
    drift: DriftStore
    clock: Clock

    def __post_init__(self) -> None:
        self._check = SingleCheck(self.check)

    async def report(self) -> Report:
        """Return the health. Never raises, and takes at most PATIENCE seconds.

        Requests that come at the same time share one check.
        """
        found = await self._check.result(PATIENCE)
        if found is not None:
            return found
        said = f"a small change took longer than {PATIENCE:g} seconds"
        error = storage_failed(StorageFault.SLOW, "the database", said=said)
        return self._failing(error)

    def check(self) -> Report:
        """Check everything now. Never raises."""
        try:
            self.probe.try_to_store(self.clock.now())
            return self.present()
        except StorageFailed as error:
            return self._failing(error)
        except Exception as error:
            log.exception("the health check failed")
            said = f"the health check ended with {type(error).__name__}"
            return self._failing(storage_failed(StorageFault.OTHER, "the database", said=said))

    def configured(self) -> bool:
        """Return whether the e-mail settings are complete enough to send."""
        return self.settings.configured()

    def deliveries(self) -> Mapping[State, int]:
        """Return the number of deliveries in each state, zeros included."""
        counts = self.store.counts()
        return {state: counts.get(state, 0) for state in State}

    def oldest_open_seconds(self) -> float:
        """Return the age of the oldest open delivery; 0 when there is none."""
        oldest: datetime | None = self.store.oldest_open()
        return 0.0 if oldest is None else max(0.0, (self.clock.now() - oldest).total_seconds())

    def _failing(self, error: StorageFailed) -> Report:
        """Return the report while nothing can be stored; the database is not asked for more."""
        reasons = (health.storage_reason(error), *self._local_reasons())
        return Report(ready=False, configured=False, reasons=reasons, retry_after=error.retry_after)

    def _local_reasons(self) -> Iterator[Reason]:
        """Yield the reasons that are found without the database."""
        if not self.worker.alive():
            yield health.queue_reason()
        nearly_full = health.disk_reason(self.disk.space())
        if nearly_full:
            yield nearly_full

    def present(self) -> Report:
        """Return the health without a test of the storage. Raises StorageFailed."""
        now = self.clock.now()
        reasons = list(self._local_reasons())
        not_configured = self._not_configured()
        if not_configured:
            reasons.append(health.settings_reason(not_configured))
        reasons += health.sending_reasons(self.probe.open_deliveries(), now)
        bounce = health.bounce_reason(self.probe.bouncing(now - health.BOUNCES_NAMED))
        if bounce:
            reasons.append(bounce)
        replies = self.replies.look()
        reasons += health.reply_reasons(replies.problems)
        reasons += health.credential_reasons(expiries(self.settings.read().document), now)
        drift = health.drift_reason(self.drift.left(now))
        if drift:
            reasons.append(drift)
        last = replies.last_good_poll if replies.enabled else None
        return Report(
            ready=True,
            configured=not_configured is None,
            reasons=tuple(reasons),
            last_good_poll_age=max(0.0, (now - last).total_seconds()) if last else None,
        )

    def _not_configured(self) -> CatalogMailError | None:
        try:
            self.settings.sending()
        except NotConfigured as error:
            return error
        return None
