# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Share the result of one check among many callers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleCheck(Generic[T]):
    """Runs a check in a thread of its own, at most one at a time.

    Callers that come during a check share the one that follows, so that every result is of a check that began after the call.
    The check must not raise. Its thread is a daemon: a check that hangs holds up neither the callers nor the end of the process.
    """

    def __init__(self, check: Callable[[], T]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._running: Future[T] | None = None
        self._following: Future[T] | None = None
        self._begun_at = 0.0

    async def result(self, seconds: float) -> T | None:
        """Return the result of a check; None when it takes longer, or when the one that runs has taken longer already."""
        with self._lock:
            hangs = self._running is not None and time.monotonic() - self._begun_at >= seconds
            wanted = None if hangs else self._next()
        if wanted is None:
            return None
        await asyncio.wait([asyncio.wrap_future(wanted)], timeout=seconds)
        return wanted.result() if wanted.done() else None

    def _next(self) -> Future[T]:
        """Return the check that begins next; the lock is held."""
        if self._running is not None:
            if self._following is None:
                self._following = Future()
            return self._following
        self._running = Future()
        self._begun_at = time.monotonic()
        threading.Thread(target=self._run, args=(self._running,), name="single-check", daemon=True).start()
        return self._running

    def _run(self, wanted: Future[T] | None) -> None:
        while wanted is not None:
            found = self._check()
            with self._lock:
                done, wanted = wanted, self._following
                self._running, self._following = wanted, None
                self._begun_at = time.monotonic()
            done.set_result(found)
