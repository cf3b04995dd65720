# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages wait for their turn at a server with limits: only messages that can be sent at once are begun."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.ports.notifications import Finished
from catalog_mail.ports.sending import Evidence
from catalog_mail.services.delivery import DeliverNotifications
from helpers.service.queue_node import NodeSettings


class Server:
    """Implements ports.MailSenders and ports.MailSender; `pauses` are its answers to reserve()."""

    def __init__(self, *pauses: float, settles_after: float = 0.0) -> None:
        self.pauses = list(pauses)
        self.settles_after = settles_after
        self.sent: list[tuple[str, bool]] = []
        self.failing: SendingFailed | None = None

    def sender(self, _settings: object) -> Server:
        if self.failing:
            raise self.failing
        return self

    def reserve(self) -> float:
        return self.pauses.pop(0) if self.pauses else 0.0

    def send(self, _message: bytes, _sender: str, recipient: str, *, again: bool = False) -> Evidence:
        self.sent.append((recipient, again))
        return Evidence("x", "202", None, None, 0.0)


class MemoryDeliveries:
    """The part of ports.DeliveryStore used by a batch."""

    def __init__(self, *attempts: int, first: State = State.QUEUED) -> None:
        self.begun: list[str] = []
        self.finished: list[State] = []
        self.outcomes: list[Any] = []
        states = [first, *[State.QUEUED] * len(attempts)]
        self._rows = [(delivery(number, tries, states[number]), notification()) for number, tries in enumerate(attempts)]

    def held(self, _batch: str) -> list[tuple[Delivery, Notification]]:
        return self._rows

    def begin(self, _batch: str, begun: Delivery, finished: Finished | None = None) -> bool:
        if finished:
            self.finish(*finished)
        self.begun.append(begun.id)
        return True

    def finish(self, _delivery: Delivery, outcome: Any) -> None:
        self.finished.append(outcome.state)
        self.outcomes.append(outcome)

    def postpone(self, _batch: str, outcome: Any) -> None:
        self.finished.append(outcome.state)


def delivery(number: int, attempts: int, state: State) -> Delivery:
    return Delivery(f"d{number}", "n", Recipient(f"u{number}@corp.test"), state, attempts=attempts)


def notification() -> Notification:
    return Notification("n", Kind.MESSAGE, SystemClock().now(), "test", {})


def deliver(store: MemoryDeliveries, server: Server) -> DeliverNotifications:
    switches: Any = NodeSettings(25)
    parts: Any = {"store": store, "senders": server, "rendering": switches, "settings": switches, "conditions": switches}
    return DeliverNotifications(**parts, clock=SystemClock(), backoff=Backoff(), replying=lambda _settings: None)


def test_nothing_is_begun_before_its_turn() -> None:
    store, server = MemoryDeliveries(0, 0), Server(0.05, 0.05)
    started = time.monotonic()
    deliver(store, server).work("b", lambda: False)
    assert time.monotonic() - started >= 0.1
    assert store.finished == [State.SENT, State.SENT]


def test_a_stop_ends_the_wait_and_leaves_the_rest() -> None:
    store, server = MemoryDeliveries(0, 0), Server(*[3600.0] * 100)
    stopping = threading.Event()
    threading.Timer(0.2, stopping.set).start()
    deliver(store, server).work("b", stopping.is_set)
    assert (store.begun, server.sent, store.finished) == ([], [], [])


@pytest.mark.parametrize(("attempts", "again"), [(0, False), (1, True), (5, True)])
def test_a_retry_is_marked_as_a_retry(attempts: int, again: bool) -> None:
    store, server = MemoryDeliveries(attempts), Server()
    deliver(store, server).work("b", lambda: False)
    assert server.sent == [("u0@corp.test", again)]


def test_an_interrupted_message_waits_for_its_outcome() -> None:
    store, server = MemoryDeliveries(1, 0, first=State.SENDING), Server(settles_after=60)
    deliver(store, server).work("b", lambda: False)
    assert server.sent == [("u1@corp.test", False)], "the other messages do not wait"
    [put_off, _sent] = store.outcomes
    assert (put_off.state, (put_off.next_attempt_at - put_off.at).total_seconds()) == (State.RETRYING, 60)
    assert put_off.failure.temporary


def test_a_stop_keeps_the_mark_of_an_interruption() -> None:
    store, server = MemoryDeliveries(1, 0, first=State.SENDING), Server(settles_after=60)
    deliver(store, server).work("b", lambda: True)
    assert (store.finished, server.sent) == ([State.RETRYING], [])


class FailingStorage(MemoryDeliveries):
    """Deliveries whose storage fails the first times that it is asked to record something."""

    def __init__(self, *attempts: int, begin: int = 0, finish: int = 0) -> None:
        super().__init__(*attempts)
        self._left = {"begin": begin, "finish": finish}

    def begin(self, batch: str, begun: Delivery, finished: Finished | None = None) -> bool:
        self._fail("begin")
        return super().begin(batch, begun, finished)

    def finish(self, delivery: Delivery, outcome: Any) -> None:
        self._fail("finish")
        super().finish(delivery, outcome)

    def _fail(self, what: str) -> None:
        if self._left[what]:
            self._left[what] -= 1
            raise StorageFailed("The disk is full.", "Free space.")


def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("delivery", "recording"):
        monkeypatch.setattr(f"catalog_mail.services.{module}.STORAGE_PAUSE", 0)


@pytest.mark.parametrize("failures", [{"begin": 5}, {"finish": 5}, {"begin": 2, "finish": 2}])
def test_a_message_waits_for_storage_and_is_sent_once(failures: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    without_pauses(monkeypatch)
    store, server = FailingStorage(0, 0, **failures), Server()
    deliver(store, server).work("b", lambda: False)
    assert [recipient for recipient, _again in server.sent] == ["u0@corp.test", "u1@corp.test"]
    assert store.finished == [State.SENT, State.SENT]


def test_a_stop_does_not_wait_for_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pauses(monkeypatch)
    store, server = FailingStorage(0, 0, begin=10**9), Server()
    answers = iter([False] * 5)
    deliver(store, server).work("b", lambda: next(answers, True))
    assert server.sent == []
    store, answers = FailingStorage(0, finish=10**9), iter([False] * 5)
    deliver(store, server).work("b", lambda: next(answers, True))
    assert len(server.sent) == 1


def test_an_unknowable_outcome_is_retried_at_once() -> None:
    store, server = MemoryDeliveries(1, first=State.SENDING), Server()
    deliver(store, server).work("b", lambda: False)
    assert server.sent == [("u0@corp.test", True)]


def test_a_sender_that_cannot_be_made_fails_the_attempt() -> None:
    store, server = MemoryDeliveries(0, 0), Server()
    server.failing = SendingFailed(Failure(Cause.CERTIFICATE_NOT_TRUSTED, "No CA file.", "Put it there.", temporary=False))
    deliver(store, server).work("b", lambda: False)
    assert store.finished == [State.RETRYING, State.RETRYING], "the other messages of the batch wait as long"
