# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many senders share the work, and how their parent sees a sender that hangs or fails."""

from __future__ import annotations

import signal
import time
from typing import Any, NoReturn

import pytest
from catalog_mail.adapters.queue import rounds
from catalog_mail.adapters.queue.sender_process import SenderProcess
from catalog_mail.bootstrap.sending import MOST_PROCESSES, shares
from helpers.waiting import wait_until
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("concurrency", "processors", "expected"),
    [(16, 1, [16]), (16, 2, [8, 8]), (16, 3, [6, 5, 5]), (1, 8, [1]), (2, 4, [1, 1]), (100, 128, [25] * MOST_PROCESSES)],
)
def test_shares(concurrency: int, processors: int, expected: list[int]) -> None:
    assert shares(concurrency, processors) == expected


@given(st.integers(1, 100), st.integers(1, 512))
def test_the_shares_add_up(concurrency: int, processors: int) -> None:
    found = shares(concurrency, processors)
    assert sum(found) == concurrency
    assert 1 <= min(found) <= max(found) <= min(found) + 1


class Idle:
    """A queue that does nothing."""

    def start(self) -> None:
        """Begin."""

    def wake(self) -> None:
        """Look."""

    def stop(self) -> bool:
        return True


def make_idle(_rounds: rounds.Rounds) -> Any:
    return Idle()


def make_none(_rounds: rounds.Rounds) -> NoReturn:
    raise ValueError("no queue")


def test_a_sender_that_hangs_shows_its_stacks_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sender = SenderProcess.fork(make_idle)
    sender.start()
    assert sender.alive()
    wait_until(lambda: _is_ready(sender.pid), "the sender does not begin")
    monkeypatch.setattr(rounds, "STUCK", -1.0)
    assert not sender.alive()
    # What is written while it is read would be lost.
    wait_until(lambda: not _handles_signal(sender.pid), "the sender does not end its report")
    written = capfd.readouterr().err
    assert "in _work" in written
    assert not sender.alive()
    sender.ask_to_stop()
    assert sender.wait() == 0
    assert (written + capfd.readouterr().err).count("Current thread") == 1
    assert caplog.messages == [f"sender process {sender.pid} does not come round; its stacks follow"]
    assert not sender.alive()


def _signals(pid: int, field: str) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith(f"{field}:")).split()[1], 16)


def _is_ready(pid: int) -> bool:
    """Return whether the process catches SIGUSR1, which is set up last."""
    return bool(_signals(pid, "SigCgt") & 1 << signal.SIGUSR1 - 1)


def _handles_signal(pid: int) -> bool:
    """Return whether SIGUSR1 is waiting, or being handled, which blocks it."""
    fields = ("SigPnd", "ShdPnd", "SigBlk")
    return any(_signals(pid, field) & 1 << signal.SIGUSR1 - 1 for field in fields)


@pytest.mark.parametrize("started", [True, False])
def test_a_sender_stops_when_it_is_told(started: bool) -> None:
    sender = SenderProcess.fork(make_idle)
    if started:
        sender.start()
    sender.ask_to_stop()
    assert sender.wait() == 0


def test_a_sender_that_fails_ends() -> None:
    sender = SenderProcess.fork(make_none)
    assert sender.wait() == 1
    sender.start()
    sender.wake()
    sender.ask_to_stop()
    sender.kill()
    assert not sender.alive()
    assert sender.wait() == 1


def test_more_orders_than_a_sender_reads_delay_nobody() -> None:
    def make_slow(_rounds: rounds.Rounds) -> Any:
        time.sleep(0.5)
        return Idle()

    sender = SenderProcess.fork(make_slow)
    for _ in range(100_000):
        sender.wake()
    sender.ask_to_stop()
    assert sender.wait() == 0
