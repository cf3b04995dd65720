# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Periodic work: renewing this node's leases, ending those that nobody renews, removing old data."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.running import Running
from catalog_mail.domain.notifications.lease import LeaseWatch
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryLeases, DeliveryStore

log = logging.getLogger(__name__)

# Messages and notifications removed at a time, and the times in one round: bounded, so that leases are not renewed late.
PAGE = 500
LOG_PAGE = 50  # each has up to a thousand deliveries
PAGES = 20


class Housekeeping:
    """Does one round every few seconds on each process."""

    def __init__(
        self,
        store: DeliveryStore,
        leases: DeliveryLeases,
        running: Running,
        clock: Clock,
        options: QueueOptions,
    ) -> None:
        self._store = store
        self._leases = leases
        self._running = running
        self._clock = clock
        self._node = options.node
        self._retention = options.retention
        self._keep = None if options.keep_days is None else timedelta(days=options.keep_days)
        self._watch = LeaseWatch(options.takeover_after)

    def keep_leases(self) -> bool:
        """Renew the leases of this process and end those that ran out; return whether deliveries were freed for a new batch."""
        try:
            working = self._running.batches()
            if working:
                self._leases.renew(working, node=self._node, at=self._clock.now())
            others = [lease for lease in self._leases.leases() if lease.batch not in working]
        except Exception:
            self._watch.start_over()
            raise
        run_out = self._watch.run_out(others, time.monotonic())
        freed = self._leases.end(run_out)
        if freed:
            nodes = ", ".join(sorted({lease.node or "unknown" for lease in run_out}))
            log.warning("%d deliveries whose leases ran out (%s) are queued again", freed, nodes)
        return freed > 0

    def tidy_up(self) -> None:
        """Remove the texts of old messages, and old deliveries from the log."""
        if self._keep is not None:
            oldest = self._clock.now() - self._keep
            _until_few(lambda: self._store.forget_messages(ended_before=oldest, limit=PAGE), PAGE)
        retention = self._retention
        if retention is not None:
            now = self._clock.now()
            _until_few(lambda: self._store.remove_old(retention, now, limit=LOG_PAGE), LOG_PAGE)


def _until_few(remove: Callable[[], int], page: int) -> None:
    """Remove page by page, until fewer than a page are left or the round has taken long enough."""
    for _page in range(PAGES):
        if remove() < page:
            return
