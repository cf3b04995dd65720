# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell systemd's watchdog (WatchdogSec) that this process makes progress; without a beat in time systemd restarts the process.

A hang is work that does not come round any more. A mail server, a catalog or a database that is away is no hang: the process
waits for it within timeouts, and a restart would not help.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import sdnotify

log = logging.getLogger(__name__)

BEAT = "WATCHDOG=1"
# Seconds until a process that was found hanging is looked at again.
LOOK = 1.0
# Seconds after which work on one message counts as a hang. The largest message that is accepted takes some seconds.
LONGEST_WORK = 300.0
# Seconds after which a wait counts as a hang. With the longest timeouts (300 s) a server or catalog that lets each of the 200
# messages of a run wait until just before its timeout takes 17 hours, and is no hang.
LONGEST_WAIT = 24 * 3600.0


class Worker(Protocol):
    """The background work of a process."""

    def alive(self) -> bool:
        """Return whether the work comes round, or waits for a server within its timeouts. Returns at once."""


class Watchdog:
    """Sends a beat twice in the time of systemd's watchdog while the worker is alive; nothing without systemd's watchdog."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._seconds = seconds_of(os.environ)
        self._hangs = False
        self._systemd = sdnotify.SystemdNotifier()
        if self._systemd.socket is not None:
            self._systemd.socket.setblocking(False)  # a busy systemd must not hold up what is watched
        # systemd ends a hanging process by SIGABRT: its threads' stacks, without any value, go to the journal.
        faulthandler.enable()

    async def beat_in_loop(self) -> None:
        """Send beats from this event loop until cancelled: no beat comes while the loop hangs."""
        while self._seconds is not None:
            await asyncio.sleep(self._beat(self._seconds / 2))

    def start_thread(self) -> None:
        """Send beats from a thread as long as the process lives."""
        if self._seconds is not None:
            threading.Thread(target=self._beat_always, args=[self._seconds / 2], name="watchdog", daemon=True).start()

    def _beat_always(self, interval: float) -> None:
        while True:
            time.sleep(self._beat(interval))

    def _beat(self, interval: float) -> float:
        """Send a beat if the worker is alive; return the seconds until the next look."""
        hung, self._hangs = self._hangs, not self._worker.alive()
        if not self._hangs:
            self._systemd.notify(BEAT)
            return interval
        if not hung:
            log.error("the work does not come round; systemd restarts the service if that lasts")
        return min(LOOK, interval)


def seconds_of(environment: Mapping[str, str]) -> float | None:
    """Return the time of the watchdog that systemd has set for this process, None when there is none (sd_watchdog_enabled(3))."""
    microseconds, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (microseconds.isascii() and microseconds.isdecimal()) or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1_000_000 or None


class _Marks(AbstractContextManager[None]):
    """Calls a function with True at the begin and with False at the end: each message needs that, and a generator costs more."""

    def __init__(self, mark: Callable[[bool], None]) -> None:
        self._mark = mark

    def __enter__(self) -> None:
        self._mark(True)

    def __exit__(self, *_error: object) -> None:
        self._mark(False)


class Progress:
    """The progress of a loop that waits for servers most of the time, and works on what they return in between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._working = False
        self._since = clock()
        self._marks = _Marks(self._mark)

    def came_round(self) -> None:
        """Note that the loop goes on to its next wait."""
        self._since = self._clock()

    def working(self) -> AbstractContextManager[None]:
        """Mark work of the process itself, which waits for nobody."""
        return self._marks

    def _mark(self, working: bool) -> None:
        self._since, self._working = self._clock(), working

    def alive(self) -> bool:
        """Return whether neither the present work nor the present wait is too long."""
        longest = LONGEST_WORK if self._working else LONGEST_WAIT
        return self._clock() - self._since < longest
