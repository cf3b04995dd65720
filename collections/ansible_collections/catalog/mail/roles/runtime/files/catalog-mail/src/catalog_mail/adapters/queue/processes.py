# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send in processes of their own, since the threads of one process wait for one interpreter lock.

The process that serves the API forks the senders, and is their only supervisor. When a sender ends by itself, the service ends:
systemd starts it again as a whole. No sender outlives the service.
"""

from __future__ import annotations

import logging
import select
import signal
import threading
from collections.abc import Callable, Iterable
from itertools import cycle

from catalog_mail.adapters.queue.durable import STOP_SECONDS, DurableQueue
from catalog_mail.adapters.queue.rounds import Rounds
from catalog_mail.adapters.queue.sender_process import SenderProcess
from catalog_mail.ports.notifications import DeliveryLeases

log = logging.getLogger(__name__)

# Seconds that a process may take to end, beside those for its messages.
END_SECONDS = 10.0


class SenderProcesses:
    """Implements ports.DeliveryQueue: each function of `make` makes the queue of a process.

    Create it while this process has no other thread, and no open connection to a database.
    """

    def __init__(self, make: Iterable[Callable[[Rounds], DurableQueue]], *, leases: DeliveryLeases, node: str) -> None:
        self._leases = leases
        self._node = node
        self._processes = [SenderProcess.fork(queue) for queue in make]
        self._turns = cycle(self._processes)
        self._stopping = False
        self._watching: threading.Thread | None = None

    def start(self, lost: Callable[[], None]) -> None:
        """Begin to send, also what an earlier run of this node has left. `lost` is called when a process ends by itself."""
        self._leases.end_all(self._node)
        for process in self._processes:
            process.start()
        self._watching = threading.Thread(target=self._watch, name="queue-processes", args=[lost], daemon=True)
        self._watching.start()

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Wake one of the processes; it finds the deliveries in the database, as the others do within a second."""
        if any(True for _delivery in delivery_ids):
            next(self._turns).wake()

    def alive(self) -> bool:
        """Return whether all processes live, and their queues come round, whether or not the database answers them."""
        return all(process.alive() for process in self._processes)

    def stop(self) -> None:
        """Accept no new work, finish the current messages, release the rest, then return."""
        self._stopping = True
        for process in self._processes:
            process.ask_to_stop()
        if self._watching is not None:
            self._watching.join(STOP_SECONDS + END_SECONDS)
        for process in self._processes:
            process.kill()
        if self._watching is not None:
            self._watching.join()
        statuses = [process.wait() for process in self._processes]
        if self._watching is None or any(statuses):
            return
        try:
            self._leases.end_all(self._node)
        except Exception as error:  # any error of a database driver; the next start ends the leases
            log.warning("the leases of this node were not ended (%s); the next start does it", type(error).__name__)

    def _watch(self, lost: Callable[[], None]) -> None:
        """Wait until all processes have ended."""
        poll = select.poll()
        living = {process.fileno(): process for process in self._processes}
        for number in living:
            poll.register(number, select.POLLIN)
        while living:
            for number, _event in poll.poll():
                poll.unregister(number)
                process = living.pop(number)
                status = process.wait()
                if not self._stopping:
                    log.critical("sender process %d ended by itself (%s); the service stops", process.pid, _said(status))
                    lost()


def _said(status: int) -> str:
    return f"status {status}" if status >= 0 else signal.Signals(-status).name
