# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand what requests bring at the same time to one thread, as one batch: a change of thread and its work serve many requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Items of one batch; more would hold the database's lock for long.
MOST_TOGETHER = 32
# Seconds that a batch waits at most for as many items as the last one had.
GATHER = 0.002


class Batches(Generic[T, R]):
    """Runs `work` on one batch at a time, in a thread; what comes meanwhile is part of the next batch.

    `work` returns one result for each item, in order. A result that is an exception is raised to its caller; one that `work`
    itself raises is raised to all callers of the batch.
    """

    def __init__(self, work: Callable[[list[T]], list[R | Exception]], name: str) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._expected = 1
        self._gathering: asyncio.TimerHandle | None = None
        self._is_working = False

    async def result(self, item: T) -> R:
        """Return the result for this item."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._go_on()
        return await future

    def _go_on(self) -> None:
        """Begin the next batch: now when as many items have come as are expected, else a little later."""
        if self._is_working:
            return
        if len(self._waiting) >= self._expected:
            self._begin()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER, self._begin)

    def _begin(self) -> None:
        if self._gathering:
            self._gathering.cancel()
            self._gathering = None
        self._is_working = True
        batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._work, [item for item, _future in batch])
        done.add_done_callback(partial(self._end, [future for _item, future in batch]))

    def _end(self, callers: list[asyncio.Future[R]], done: asyncio.Future[list[R | Exception]]) -> None:
        self._is_working = False
        # Clients that were answered just now send their next requests while those of the others wait.
        self._expected = min(len(callers) + len(self._waiting), MOST_TOGETHER)
        error = done.exception()
        results = [error] * len(callers) if error else done.result()
        for caller, result in zip(callers, results, strict=True):
            if caller.done():
                continue  # it was cancelled
            if isinstance(result, BaseException):
                caller.set_exception(result)
            else:
                caller.set_result(result)
        if self._waiting:
            self._go_on()
