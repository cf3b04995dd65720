# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Periodic work: heartbeats, taking over batches of dead nodes, finding lost batches and deliveries, removing old data."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.running import Running
from catalog_mail.adapters.queue.transact import PAGE, Transact
from catalog_mail.domain.notifications.node_liveness import LivenessWatch
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryStore, Nodes

log = logging.getLogger(__name__)

# Time for which finished workflows are kept, for debugging in the engine's database.
KEEP_WORKFLOWS = timedelta(minutes=10)
# Pages removed in one round: bounded, so that heartbeats are not late.
PAGES = 20


class Housekeeping:
    """Does one round every few seconds on each node."""

    def __init__(
        self, store: DeliveryStore, nodes: Nodes, engine: Transact, running: Running, clock: Clock, options: QueueOptions
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._engine = engine
        self._running = running
        self._clock = clock
        self._node = options.node
        self._grace = timedelta(seconds=options.takeover_after)
        self._keep = timedelta(days=options.keep_days)
        self._watch = LivenessWatch(options.takeover_after)
        # Batches that the engine's database shows as begun here although no thread has them, and since when.
        self._idle: dict[str, float] = {}

    def round(self) -> bool:
        """Do one round; return whether it released deliveries, which wait for a batch."""
        self._nodes.heartbeat(self._node)
        self._take_over()
        self._begin_again()
        freed = self._free_left_behind()
        self._tidy_up()
        return freed > 0

    def _take_over(self) -> None:
        """Queue again the batches of nodes without a recent heartbeat; any node may work on them."""
        alive = self._watch.alive(self._nodes.heartbeats(), time.monotonic()) | {self._node}
        dead = self._engine.working() - alive
        if dead:
            count = self._engine.take_over(dead)
            log.warning("took over %d batches of %s, which shows no sign of life", count, ", ".join(sorted(dead)))

    def _begin_again(self) -> None:
        """Queue again the batches that this node has begun and that have no thread.

        The engine loses them when its connection breaks after the server has committed that they are begun, and before the
        answer arrives. It begins them again only at its next start.
        """
        now = time.monotonic()
        idle = self._engine.begun(self._node) - self._running.batches()
        self._idle = {batch: self._idle.get(batch, now) for batch in idle}
        lost = [batch for batch, since in self._idle.items() if now - since >= self._grace.total_seconds()]
        if lost:
            self._engine.begin_again(lost)
            log.warning("%d batches that were begun and have no thread are queued again", len(lost))

    def _free_left_behind(self) -> int:
        """Release deliveries whose batch has no workflow (after a kill between the two, or with a lost queue file)."""
        batches = self._store.batches(claimed_before=self._clock.now() - self._grace, limit=PAGE)
        left = set(batches) - self._engine.unfinished(batches)
        freed = sum(self._store.release(batch) for batch in left)
        if freed:
            log.warning("%d deliveries of %d batches without a workflow are queued again", freed, len(left))
        return freed

    def _tidy_up(self) -> None:
        for _page in range(PAGES):
            if self._engine.collect(KEEP_WORKFLOWS, self._clock.now()) < PAGE:
                break
        for _page in range(PAGES):
            if self._store.forget_messages(accepted_before=self._clock.now() - self._keep, limit=PAGE) < PAGE:
                break
