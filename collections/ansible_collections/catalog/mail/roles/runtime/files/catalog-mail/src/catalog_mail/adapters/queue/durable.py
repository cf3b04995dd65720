# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable queue: what is accepted is put into batches, and each batch is worked on until it is done."""

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
# Seconds between two looks at what is due, when nothing new comes in.
LOOK = 1.0
# Seconds between two rounds of housekeeping.
KEEP_HOUSE = 5.0
STOP_SECONDS = 60.0


class DurableQueue:
    """Fulfils ports.DeliveryQueue. `work` is given the name of a batch and a function that tells when to stop."""

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
        # As many again wait in this process for their turn, so that nobody is idle until the engine looks for more.
        limits = Limits(2 * options.concurrency, options.per_second)
        self._engine = Transact(database, options.node, limits, self._running.work)
        self._housekeeping = Housekeeping(store, nodes, self._engine, clock, options)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._last_look = 0.0

    def start(self) -> None:
        """Begin to work, with what an earlier run of this node has left."""
        self._nodes.heartbeat(self._options.node)
        self._engine.start()
        self._last_look = time.monotonic()
        for name, loop in (("dispatch", self._dispatch), ("housekeeping", self._keep_house)):
            thread = threading.Thread(target=loop, name=f"queue-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Begin with these at once. They are found where they are stored; this only wakes who looks."""
        if any(True for _delivery in delivery_ids):
            self._wake.set()

    def running(self) -> bool:
        """Whether it works this moment: its threads live, and the database was reached lately."""
        fresh = time.monotonic() - self._last_look < max(30.0, self._options.takeover_after)
        return fresh and bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Take no new work, finish what is being sent, give back the rest, and return when that is so."""
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
            except Exception:  # whatever a database driver raises: the next look may find it well again
                log.exception("what is to be sent could not be looked up")
                self._stopping.wait(LOOK)

    def _dispatch_one(self) -> bool:
        """Queue one batch; False if there is nothing more to queue for now."""
        if self._store.queued() >= self._options.most_queued:
            return False
        batch = new_id()
        # A kill between these two leaves a batch without a workflow; housekeeping finds and frees it.
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
