# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that come at the same time share one change of thread, and each gets its own result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine

import pytest
from catalog_mail.api.batches import MOST_TOGETHER, Batches
from helpers.waiting import PATIENCE
from hypothesis import given
from hypothesis import strategies as st


class Work:
    """Doubles numbers; refuses those that are divisible by 5. The first batch waits until `release` is set."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()
        self.begun, self.release = threading.Event(), threading.Event()
        if not held:
            self.release.set()

    def __call__(self, numbers: list[int]) -> list[int | Exception]:
        self.batches.append(numbers)
        self.threads.add(threading.get_ident())
        self.begun.set()
        assert self.release.wait(PATIENCE)
        return [ValueError(str(number)) if number % 5 == 0 else 2 * number for number in numbers]


Scene = Callable[[Batches[int, int]], Coroutine[None, None, None]]


def run(work: Callable[[list[int]], list[int | Exception]], scene: Scene) -> None:
    asyncio.run(scene(Batches(work, "test")))


def test_what_comes_during_a_batch_is_the_next_one() -> None:
    work = Work(held=True)

    async def scene(batches: Batches[int, int]) -> None:
        first = asyncio.create_task(batches.result(1))
        await asyncio.to_thread(work.begun.wait, PATIENCE)
        others = [asyncio.create_task(batches.result(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        work.release.set()
        assert await asyncio.gather(first, *others) == [2, 4, 6, 8]

    run(work, scene)
    assert work.batches == [[1], [2, 3, 4]]
    assert work.threads.isdisjoint({threading.get_ident()})


def test_a_caller_alone_does_not_wait_for_others() -> None:
    work = Work()

    async def scene(batches: Batches[int, int]) -> None:
        for number in (1, 2, 3):
            assert await batches.result(number) == 2 * number

    run(work, scene)
    assert work.batches == [[1], [2], [3]]


def test_callers_that_do_not_come_again_are_not_waited_for_long() -> None:
    work = Work()

    async def scene(batches: Batches[int, int]) -> None:
        await asyncio.gather(*(batches.result(number) for number in (1, 2, 3)))
        assert await asyncio.wait_for(batches.result(4), PATIENCE) == 8

    run(work, scene)


def test_an_error_is_raised_to_its_caller_only() -> None:
    work = Work(held=True)

    async def scene(batches: Batches[int, int]) -> None:
        tasks = [asyncio.create_task(batches.result(number)) for number in (1, 4, 5, 6)]
        await asyncio.to_thread(work.begun.wait, PATIENCE)
        work.release.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [results[0], results[1], results[3]] == [2, 8, 12]
        assert isinstance(results[2], ValueError)

    run(work, scene)


def test_an_error_of_the_work_is_raised_to_all_and_the_next_batch_works() -> None:
    failing = True

    def fail_once(numbers: list[int]) -> list[int | Exception]:
        if failing:
            raise OSError("broken")
        return list(numbers)

    async def scene(batches: Batches[int, int]) -> None:
        nonlocal failing
        results = await asyncio.gather(*(batches.result(number) for number in range(4)), return_exceptions=True)
        assert [type(result) for result in results] == [OSError] * 4
        failing = False
        assert await batches.result(7) == 7

    run(fail_once, scene)


def test_a_caller_that_is_gone_disturbs_nobody() -> None:
    work = Work(held=True)

    async def scene(batches: Batches[int, int]) -> None:
        tasks = [asyncio.create_task(batches.result(number)) for number in (1, 2, 3)]
        await asyncio.to_thread(work.begun.wait, PATIENCE)
        tasks[0].cancel()
        tasks[1].cancel()
        work.release.set()
        assert await tasks[2] == 6
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    run(work, scene)


def test_a_batch_has_a_largest_size() -> None:
    work = Work(held=True)

    async def scene(batches: Batches[int, int]) -> None:
        tasks = [asyncio.create_task(batches.result(number)) for number in range(1, 200, 5)]
        tasks += [asyncio.create_task(batches.result(number)) for number in range(2, 400, 5)]
        await asyncio.to_thread(work.begun.wait, PATIENCE)
        work.release.set()
        assert len(await asyncio.gather(*tasks)) == 120

    run(work, scene)
    assert max(map(len, work.batches)) == MOST_TOGETHER
    assert sum(map(len, work.batches)) == 120


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 3)), max_size=100))
def test_each_caller_gets_the_result_of_its_item(numbers: list[tuple[int, int]]) -> None:
    work = Work()

    async def ask(batches: Batches[int, int], number: int, turns: int) -> int | str:
        for _turn in range(turns):
            await asyncio.sleep(0)
        try:
            return await batches.result(number)
        except ValueError as error:
            return str(error)

    async def scene(batches: Batches[int, int]) -> None:
        results = await asyncio.gather(*(ask(batches, *one) for one in numbers))
        assert results == [str(number) if number % 5 == 0 else 2 * number for number, _turns in numbers]

    run(work, scene)
    assert sorted(number for batch in work.batches for number in batch) == sorted(number for number, _turns in numbers)
