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


class Batches(Generic[T, R]):
    """Runs `work` on one batch at a time, in a thread; what comes meanwhile is the next batch.

    `work` returns one result for each item, in order. A result that is an exception is raised to its caller; one that `work`
    itself raises is raised to all callers of the batch.
    """

    def __init__(self, work: Callable[[list[T]], list[R | Exception]], name: str) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._is_working = False

    async def result(self, item: T) -> R:
        """Return the result for this item."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, future))
        if not self._is_working:
            self._is_working = True
            loop.call_soon(self._begin)  # after the other requests that arrived in the same turn of the loop
        return await future

    def _begin(self) -> None:
        batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._work, [item for item, _future in batch])
        done.add_done_callback(partial(self._end, [future for _item, future in batch]))

    def _end(self, waiting: list[asyncio.Future[R]], done: asyncio.Future[list[R | Exception]]) -> None:
        error = done.exception()
        results = [error] * len(waiting) if error else done.result()
        for future, result in zip(waiting, results, strict=True):
            if future.done():
                continue  # its caller was cancelled
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        if self._waiting:
            self._begin()
        else:
            self._is_working = False
