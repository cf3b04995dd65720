# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each accepted message of a batch is recorded before the next one is begun, whatever happens in between."""

from __future__ import annotations

import itertools
from collections.abc import Callable
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
from hypothesis import given
from hypothesis import strategies as st

# What happens to a message: it is sent; the server refuses it; it waits for its turn; its recipient has opted out; another worker
# has taken it over; a bug; storage fails before it is begun, or while its outcome is recorded.
FATES = ("sent", "refused", "waits", "opted out", "taken over", "bug", "begin fails", "finish fails")


class World:
    """Implements the ports of a batch; `steps` are what has happened, in order."""

    settles_after = 0.0

    def __init__(self, *fates: str, stops_after: int | None = None) -> None:
        self.fates = {f"d{number}": fate for number, fate in enumerate(fates)}
        self.steps: list[tuple[str, str]] = []
        self.states: dict[str, State] = {}
        self.waited: set[str] = set()
        self._failures = {(fate, id_): 2 for id_, fate in self.fates.items()}
        self._stops_after = stops_after
        self._current = ""

    # -- ports.DeliveryStore
    def held(self, _batch: str) -> list[tuple[Delivery, Notification]]:
        notification = Notification("n", Kind.MESSAGE, SystemClock().now(), "test")
        return [(Delivery(id_, "n", Recipient(f"{id_}@corp.test"), State.QUEUED), notification) for id_ in self.fates]

    def begin(self, _batch: str, delivery: Delivery, finished: Finished | None = None) -> bool:
        if self._fails("begin fails", delivery.id):
            raise StorageFailed("The disk is full.", "Free space.")
        if self.fates[delivery.id] == "bug":
            raise KeyError("x")
        if finished:
            self.finish(*finished)
        if self.fates[delivery.id] == "taken over":
            return False
        assert not self.unrecorded(), "a message is begun while the outcome of another one is unknown"
        self.steps.append(("begun", delivery.id))
        return True

    def finish(self, delivery: Delivery, outcome: Any) -> None:
        if self._fails("finish fails", delivery.id):
            raise StorageFailed("The disk is full.", "Free space.")
        self.steps.append(("recorded", delivery.id))
        assert self.states.setdefault(delivery.id, outcome.state) is outcome.state

    # -- ports.AttemptConditions
    def conditions(self, address: str, kind: Kind) -> Any:
        self._current = address.partition("@")[0]
        switches = NodeSettings(25)
        if self.fates[self._current] == "opted out":
            switches.opted_out_addresses.add(address)
        return switches.conditions(address, kind)

    # -- ports.MailSenders
    def sender(self, _settings: object) -> World:
        return self

    def reserve(self) -> float:
        if self._current in self.waited:
            assert not self.unrecorded(), "a message waited for its record while another one waited for its turn"
        if self._fails("waits", self._current):
            self.waited.add(self._current)
            return 0.001
        return 0.0

    def send(self, _message: bytes, _sender: str, recipient: str, *, again: bool = False) -> Evidence:
        id_ = recipient.partition("@")[0]
        self.steps.append(("sent", id_))
        if self.fates[id_] == "refused":
            raise SendingFailed(Failure(Cause.RECIPIENT_REFUSED, "No such user.", "Ask.", temporary=False))
        return Evidence("x", "250", None, None, 0.0)

    def unrecorded(self) -> set[str]:
        """Return the messages on the wire whose outcome is not recorded."""
        return {id_ for what, id_ in self.steps if what == "sent"} - {id_ for what, id_ in self.steps if what == "recorded"}

    def stopping(self) -> bool:
        """Return whether the batch must stop: after so many messages on the wire."""
        return self._stops_after is not None and sum(what == "sent" for what, _id in self.steps) >= self._stops_after

    def _fails(self, fate: str, id_: str) -> bool:
        left = self._failures.get((fate, id_), 0)
        self._failures[fate, id_] = left - 1
        return left > 0

    def repair(self) -> None:
        """Let outcomes be recorded at the first try."""
        self._failures = {key: left for key, left in self._failures.items() if key[0] != "finish fails"}

    def work(self) -> None:
        switches: Any = NodeSettings(25)
        parts: Any = {"store": self, "senders": self, "conditions": self, "rendering": switches, "settings": switches}
        deliver = DeliverNotifications(**parts, clock=SystemClock(), backoff=Backoff(), replying=lambda _settings: None)
        deliver.work("b", self.stopping)


STATES = {"refused": State.FAILED, "opted out": State.SUPPRESSED, "bug": State.RETRYING}


@pytest.fixture(autouse=True, scope="module")
def storage_pause() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("delivery", "recording"):
            patch.setattr(f"catalog_mail.services.{module}.STORAGE_PAUSE", 0.0)
        yield


@given(st.lists(st.sampled_from(FATES), max_size=6))
def test_every_outcome_is_recorded_once_and_in_time(fates: list[str]) -> None:
    world = World(*fates)
    world.work()
    expected = {id_: STATES.get(fate, State.SENT) for id_, fate in world.fates.items() if fate != "taken over"}
    assert world.states == expected
    recorded = [id_ for what, id_ in world.steps if what == "recorded"]
    assert recorded == sorted(expected), "once each, in their order"
    assert not world.unrecorded()


@given(st.lists(st.sampled_from(FATES), max_size=6), st.integers(0, 6))
def test_a_stop_leaves_no_message_unrecorded(fates: list[str], stops_after: int) -> None:
    world = World(*fates, stops_after=stops_after)
    world.repair()
    world.work()
    assert not world.unrecorded()
    assert sum(what == "sent" for what, _id in world.steps) <= stops_after


def sends(world: World) -> list[tuple[str, str]]:
    return [step for step in world.steps if step[0] != "begun"]


def test_a_message_is_recorded_with_the_beginning_of_the_next() -> None:
    world = World("sent", "sent", "sent")
    begin, together = world.begin, []

    def watched(batch: str, delivery: Delivery, finished: Finished | None = None) -> bool:
        together.append((finished and finished[0].id, delivery.id))
        return begin(batch, delivery, finished)

    world.begin = watched  # type: ignore[method-assign]
    world.work()
    assert together == [(None, "d0"), ("d0", "d1"), ("d1", "d2")]
    assert sends(world) == [(what, f"d{number}") for number in range(3) for what in ("sent", "recorded")]


@pytest.mark.parametrize("happens", [lambda: 1 / 0, lambda: iter(()).__next__()])
def test_a_message_is_recorded_when_the_batch_breaks_off(happens: Callable[[], object]) -> None:
    world = World("sent", "sent")
    asked = itertools.count()

    def stopping() -> bool:
        if next(asked) == 1:
            happens()
        return False

    world.stopping = stopping  # type: ignore[method-assign]
    with pytest.raises((ZeroDivisionError, StopIteration)):
        world.work()
    assert world.states == {"d0": State.SENT}
