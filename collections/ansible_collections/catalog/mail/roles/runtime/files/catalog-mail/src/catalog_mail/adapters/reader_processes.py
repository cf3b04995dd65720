# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read messages in processes of their own, while this process talks to the mailbox, the database and the catalog.

A process that ends by itself, which a hostile message may cause, ends this process too: systemd starts it again as a whole, and
the messages in hand are then read one by one. No reader process outlives this process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TypeVar

from catalog_mail.adapters.child_process import follow
from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.outcome import Outcome, outcome

T = TypeVar("T")
log = logging.getLogger(__name__)

# Fewer messages are read here: that takes less time than handing them over.
FEWEST = 16
# Bytes of the largest message that is handed over: copies of larger ones would cost memory.
LARGEST = 256 * 1024
# Outcomes that a process returns at a time.
_PORTION = 10


class ReaderEnded(SystemExit):
    """A reader process has ended by itself."""


class ReaderProcesses:
    """Implements ports.MessageReader. Without processes, all messages are read here.

    Create it while this process has no other thread, and no open connection to a database.
    """

    def __init__(self, number: int) -> None:
        self._processes = [_ReaderProcess() for _number in range(number)]

    def begin(self, messages: Sequence[RawMessage], policy: Policy) -> Iterator[Outcome]:
        """Implement `MessageReader.begin`."""
        places = self._places(messages)
        for process in self._processes:
            mine = [message for message, place in zip(messages, places, strict=True) if place is process]
            process.begin(mine, policy)
        return (
            place.take() if place else outcome(message, policy) for message, place in zip(messages, places, strict=True)
        )

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()

    def _places(self, messages: Sequence[RawMessage]) -> list[_ReaderProcess | None]:
        """Return the process that reads each message, None for this one: each process has a run of messages."""
        small = sum(len(message.content) <= LARGEST for message in messages)
        if small < FEWEST or not self._processes:
            return [None] * len(messages)
        share = -(-small // len(self._processes))
        places: list[_ReaderProcess | None] = []
        handed = 0
        for message in messages:
            if len(message.content) > LARGEST:
                places.append(None)
            else:
                places.append(self._processes[handed // share])
                handed += 1
        return places


class _ReaderProcess:
    """A forked process that reads one set of messages after the other."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            os._exit(_work(theirs, parent))
        theirs.close()
        self._taken: deque[Outcome] = deque()
        self._missing = 0

    def begin(self, messages: Sequence[RawMessage], policy: Policy) -> None:
        """Begin to read these messages, after all outcomes of earlier ones have come: an order reaches an idle process only."""
        while self._missing:
            self._receive()
        self._taken.clear()
        if messages:
            self._talk(lambda: self._connection.send((policy, messages)))
            self._missing = len(messages)

    def take(self) -> Outcome:
        """Wait for the next outcome."""
        if not self._taken:
            self._receive()
        return self._taken.popleft()

    def kill(self) -> None:
        """End the process at once: it keeps nothing."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _receive(self) -> None:
        outcomes: list[Outcome] = self._talk(self._connection.recv)
        self._missing -= len(outcomes)
        self._taken.extend(outcomes)

    def _talk(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except (EOFError, OSError) as error:
            log.critical("reader process %d ended by itself; the service stops", self._pid)
            raise ReaderEnded(1) from error


def _work(orders: Connection, parent: int) -> int:
    """Read until the parent ends; return the exit status. Runs in the forked process."""
    try:
        follow(parent)
        while True:
            policy, messages = orders.recv()
            for start in range(0, len(messages), _PORTION):
                orders.send([outcome(message, policy) for message in messages[start : start + _PORTION]])
    except Exception:
        log.exception("a reader process failed")
        return 1
