# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forked process that sends, and the socket by which its parent starts, wakes and stops it.

Each byte that the process receives is the order to look for due deliveries; the first one starts its queue as well. The end of
the parent's stream is the order to stop. The end of the process's stream tells the parent that the process has ended.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import socket
from collections.abc import Callable

from catalog_mail.adapters.child_process import follow
from catalog_mail.adapters.queue.durable import DurableQueue
from catalog_mail.adapters.queue.rounds import Rounds

log = logging.getLogger(__name__)

_MOST_ORDERS = 4096
_SHOW_STACKS = signal.SIGUSR1


class SenderProcess:
    """The process as its parent sees it."""

    def __init__(self, pid: int, orders: socket.socket, rounds: Rounds) -> None:
        self.pid = pid
        self._orders = orders
        self._rounds = rounds
        self._status: int | None = None
        self._shown = False

    @classmethod
    def fork(cls, make: Callable[[Rounds], DurableQueue]) -> SenderProcess:
        """Fork a process that works with the queue which `make` returns there. The caller must have no other thread."""
        ours, theirs = socket.socketpair()
        rounds, parent = Rounds(), os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            os._exit(_work(theirs, make, rounds, parent))
        theirs.close()
        return cls(pid, ours, rounds)

    def fileno(self) -> int:
        """Return the file descriptor that becomes readable when the process has ended."""
        return self._orders.fileno()

    def start(self) -> None:
        """Begin to send."""
        self._rounds.begin()
        self.wake()

    def wake(self) -> None:
        """Look for due deliveries now. A process that has too many unread orders, or has ended, gets no further one."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._orders.send(b"!", socket.MSG_DONTWAIT)

    def ask_to_stop(self) -> None:
        """Let the process finish its messages and end."""
        with contextlib.suppress(OSError):  # it has ended
            self._orders.shutdown(socket.SHUT_WR)

    def alive(self) -> bool:
        """Return whether the process lives, and its queue comes round. One that hangs writes its stacks to the log, once."""
        if self._status is not None:
            return False
        turning = self._rounds.turn()
        if not turning and not self._shown:
            log.error("sender process %d does not come round; its stacks follow", self.pid)
            os.kill(self.pid, _SHOW_STACKS)
        self._shown = not turning
        return turning

    def kill(self) -> None:
        """End the process at once."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):  # another thread has waited for its end meanwhile
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the end of the process; return its exit status, or the negative number of the signal that has ended it."""
        if self._status is None:
            _pid, status = os.waitpid(self.pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status


def _work(orders: socket.socket, make: Callable[[Rounds], DurableQueue], rounds: Rounds, parent: int) -> int:
    """Work until the order to stop; return the exit status. Runs in the forked process."""
    try:
        follow(parent)
        faulthandler.register(_SHOW_STACKS)
        queue = make(rounds)
        if not orders.recv(_MOST_ORDERS):
            return 0
        queue.start()
        while orders.recv(_MOST_ORDERS):
            queue.wake()
        return 0 if queue.stop() else 1
    except Exception:
        log.exception("a sender process failed")
        return 1
