# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beats for systemd's watchdog: they come while the work comes round or waits, and stop when something hangs."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from catalog_mail.watchdog import BEAT, LONGEST_WAIT, LONGEST_WORK, Progress, Watchdog, seconds_of
from helpers.waiting import PATIENCE


class Work:
    """Work that is alive, or not."""

    def __init__(self) -> None:
        self.is_alive = True
        self.asked = threading.Event()

    def alive(self) -> bool:
        self.asked.set()
        return self.is_alive


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """Return the socket on which systemd would listen; its watchdog waits for a tenth of a second."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    return listener


def beats(systemd: socket.socket) -> int:
    """Return the number of beats that have come since the last call."""
    found = []
    while True:
        try:
            found.append(systemd.recv(100).decode())
        except BlockingIOError:
            assert set(found) <= {BEAT}
            return len(found)


async def wait_for_beats(systemd: socket.socket, number: int = 3) -> None:
    """Wait until this many beats have come."""
    came = 0
    async with asyncio.timeout(PATIENCE):
        while (came := came + beats(systemd)) < number:
            await asyncio.sleep(0.01)


@pytest.fixture
def work() -> Work:
    return Work()


def test_beats_stop_while_the_event_loop_hangs(systemd: socket.socket, work: Work) -> None:
    async def main() -> None:
        beating = asyncio.create_task(Watchdog(work).beat_in_loop())
        await wait_for_beats(systemd)
        beats(systemd)
        time.sleep(0.5)  # the hang
        assert beats(systemd) == 0
        await wait_for_beats(systemd)
        beating.cancel()

    asyncio.run(main())


def test_beats_stop_while_the_work_hangs(
    systemd: socket.socket, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        beating = asyncio.create_task(Watchdog(work).beat_in_loop())
        await wait_for_beats(systemd)
        work.is_alive = False
        beats(systemd)
        for _look in range(3):
            work.asked.clear()
            while not work.asked.is_set():
                await asyncio.sleep(0.01)
        assert beats(systemd) == 0
        work.is_alive = True
        await wait_for_beats(systemd)
        beating.cancel()

    asyncio.run(main())
    assert len(caplog.records) == 1, "one hang is logged once"


def test_beats_come_from_a_thread_while_the_loop_waits(systemd: socket.socket, work: Work) -> None:
    Watchdog(work).start_thread()
    asyncio.run(wait_for_beats(systemd))


def test_a_full_socket_holds_up_nothing(systemd: socket.socket, work: Work) -> None:
    """Nobody reads the beats: the event loop goes on."""

    async def main() -> None:
        beating = asyncio.create_task(Watchdog(work).beat_in_loop())
        for _beat in range(30):
            work.asked.clear()
            while not work.asked.is_set():
                await asyncio.sleep(0.01)
        beating.cancel()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


def test_without_a_watchdog_nothing_is_sent(systemd: socket.socket, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC")
    asyncio.run(Watchdog(work).beat_in_loop())
    Watchdog(work).start_thread()
    assert (beats(systemd), work.asked.is_set()) == (0, False)


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "180000000"}, 180.0),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": str(os.getpid())}, 180.0),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({"WATCHDOG_USEC": "a minute"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "\u00b2"}, None),
    ],
)
def test_the_time_of_the_watchdog_is_systemds(environment: dict[str, str], seconds: float | None) -> None:
    assert seconds_of(environment) == seconds


class Clock:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_for_a_server_is_no_hang() -> None:
    clock = Clock()
    progress = Progress(clock)
    clock.now += LONGEST_WAIT - 1
    assert progress.alive()
    progress.came_round()
    clock.now += LONGEST_WAIT - 1
    assert progress.alive()
    clock.now += 2
    assert not progress.alive(), "not even with all timeouts does a wait take so long"
    progress.came_round()
    assert progress.alive()


def test_work_that_does_not_end_is_a_hang() -> None:
    clock = Clock()
    progress = Progress(clock)
    with progress.working():
        clock.now += LONGEST_WORK - 1
        assert progress.alive()
    with progress.working():
        clock.now += LONGEST_WORK - 1
        assert progress.alive(), "each message counts for itself"
        clock.now += 2
        assert not progress.alive()
    assert progress.alive()
    clock.now += LONGEST_WORK + 1
    assert progress.alive(), "it waits again"


def test_work_that_fails_has_ended() -> None:
    clock = Clock()
    progress = Progress(clock)
    with pytest.raises(ValueError, match="hostile"), progress.working():
        raise ValueError("hostile")
    clock.now += LONGEST_WORK + 1
    assert progress.alive()
