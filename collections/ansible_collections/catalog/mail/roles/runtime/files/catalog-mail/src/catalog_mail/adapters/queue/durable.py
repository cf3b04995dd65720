# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable queue: leases accepted deliveries to this node in batches, and works on each batch in a thread until it is done.

The leases in the deliveries' table are the only record of what is being worked on. A batch that is lost with its process is
found by its lease, which runs out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from catalog_mail.adapters.queue.housekeeping import Housekeeping
from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.rounds import Rounds
from catalog_mail.adapters.queue.running import Running
from catalog_mail.domain.identifiers import new_id
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryLeases, DeliveryStore

log = logging.getLogger(__name__)

# Seconds that new deliveries wait for others to share a batch with.
GATHER = 0.03
# Seconds between two look-ups of due deliveries, when no new ones arrive.
LOOK = 1.0
# Seconds between two rounds of housekeeping.
KEEP_HOUSE = 5.0
STOP_SECONDS = 60.0


class DurableQueue:
    """The queue of one process.

    `work` gets the name of a batch and a function that returns true when it must stop. `rounds` shows to other processes whether
    the queue comes round.
    """

    def __init__(
        self,
        *,
        store: DeliveryStore,
        leases: DeliveryLeases,
        work: Callable[[str, Callable[[], bool]], None],
        clock: Clock,
        options: QueueOptions,
        rounds: Rounds,
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._options = options
        self._work = work
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._running = Running(self._work_on, options.concurrency, self._wake.set)
        self._housekeeping = Housekeeping(store, leases, self._running, clock, options)
        self._threads: list[threading.Thread] = []
        self._rounds = rounds

    def start(self) -> None:
        """Begin to work."""
        self._rounds.begin()
        for name, loop in (("dispatch", self._dispatch), ("housekeeping", self._keep_house)):
            thread = threading.Thread(target=loop, name=f"queue-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """Look for due deliveries now."""
        self._wake.set()

    def stop(self) -> bool:
        """Accept no new work, finish the current messages, release the rest; return whether all have ended within a minute."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        ended = self._running.stop(STOP_SECONDS)
        if not ended:
            log.warning("stopped while a message was being sent; it is sent again after the next start")
        return ended

    def _work_on(self, batch: str, stopping: Callable[[], bool]) -> None:
        self._work(batch, stopping)
        if stopping():
            self._leases.release(batch)

    def _dispatch(self) -> None:
        pause = LOOK
        while not self._stopping.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            self._stopping.wait(GATHER)
            try:
                pause = self._dispatch_due()
            except Exception:  # any error of a database driver; the next look-up may succeed
                log.exception("looking up due deliveries failed; it is tried again")
                pause = LOOK
                self._stopping.wait(LOOK)
            self._rounds.dispatched()

    def _dispatch_due(self) -> float:
        """Begin a batch for each free place while deliveries are due; return the seconds until the next look-up."""
        while self._running.room() > 0 and not self._stopping.is_set():
            self._rounds.dispatched()
            batch, size = new_id(), self._options.batch
            claimed = self._leases.claim(batch, node=self._options.node, at=self._clock.now(), limit=size)
            if claimed.deliveries:
                self._begin(batch)
            if claimed.deliveries < size:
                return LOOK if claimed.again_in is None else min(LOOK, claimed.again_in)
        return LOOK

    def _begin(self, batch: str) -> None:
        try:
            self._running.begin(batch)
        except Exception:
            # Without this, and after a kill before it, the lease runs out.
            self._leases.release(batch)
            raise

    def _keep_house(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._housekeeping.keep_leases():
                    self._wake.set()
                self._housekeeping.tidy_up()
            except Exception:
                log.exception("housekeeping failed; it is tried again")
            self._rounds.kept_house()
            self._stopping.wait(min(KEEP_HOUSE, self._options.takeover_after / 4))
