# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable queue: puts accepted deliveries into batches, and works on each batch until it is done."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from sqlalchemy import URL

from catalog_mail.adapters.queue.housekeeping import Housekeeping
from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.running import Running
from catalog_mail.adapters.queue.transact import Limits, Transact
from catalog_mail.domain.identifiers import new_id
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryStore, Nodes

log = logging.getLogger(__name__)

# Seconds that new deliveries wait for others to share a batch with.
GATHER = 0.03
# Seconds between two look-ups of due deliveries, when no new ones arrive.
LOOK = 1.0
# Seconds between two rounds of housekeeping.
KEEP_HOUSE = 5.0
STOP_SECONDS = 60.0


class DurableQueue:
    """Implements ports.DeliveryQueue. `work` gets the name of a batch and a function that returns true when it must stop."""

    def __init__(
        self,
        *,
        database: URL,
        store: DeliveryStore,
        nodes: Nodes,
        work: Callable[[str, Callable[[], bool]], None],
        clock: Clock,
        options: QueueOptions,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._clock = clock
        self._options = options
        self._running = Running(work, options.concurrency)
        # As many batches again wait in this process, so that no thread is idle until the engine's next poll.
        limits = Limits(2 * options.concurrency, options.per_second)
        self._engine = Transact(database, options.node, limits, self._running.work)
        self._housekeeping = Housekeeping(store, nodes, self._engine, self._running, clock, options)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._last_look = 0.0

    def start(self) -> None:
        """Begin to work, first on the batches that an earlier run of this node has left."""
        self._nodes.heartbeat(self._options.node)
        self._engine.start()
        self._last_look = time.monotonic()
        for name, loop in (("dispatch", self._dispatch), ("housekeeping", self._keep_house)):
            thread = threading.Thread(target=loop, name=f"queue-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Wake the thread that looks for deliveries; it finds these in the database."""
        if any(True for _delivery in delivery_ids):
            self._wake.set()

    def running(self) -> bool:
        """Return whether the queue works: its threads live, and the database was reached lately."""
        fresh = time.monotonic() - self._last_look < max(30.0, self._options.takeover_after)
        return fresh and bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Accept no new work, finish the current messages, release the rest, then return."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        done = self._running.stop(STOP_SECONDS)
        self._engine.stop()
        if done:
            self._nodes.forget(self._options.node)
        else:
            log.warning("stopped while a message was being sent; it is sent again after the next start")

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(LOOK)
            self._wake.clear()
            self._stopping.wait(GATHER)
            try:
                while not self._stopping.is_set() and self._dispatch_one():
                    pass
                self._last_look = time.monotonic()
            except Exception:  # any error of a database driver; the next look-up may succeed
                log.exception("looking up due deliveries failed; it is tried again")
                self._stopping.wait(LOOK)

    def _dispatch_one(self) -> bool:
        """Queue one batch; False when nothing more can be queued for now."""
        if self._store.queued() >= self._options.most_queued:
            return False
        batch = new_id()
        # A kill between these two statements leaves a batch without a workflow; housekeeping releases it.
        claimed = self._store.claim(batch, at=self._clock.now(), limit=self._options.batch)
        if claimed:
            self._engine.enqueue(batch)
        return claimed == self._options.batch

    def _keep_house(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._housekeeping.round():
                    self._wake.set()
            except Exception:
                log.exception("housekeeping failed; it is tried again")
            self._stopping.wait(min(KEEP_HOUSE, self._options.takeover_after / 4))
