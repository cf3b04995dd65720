# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New replies are noticed by one small request to Graph every few seconds, long before the next poll."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.graph_roundtrip import GraphRoundTrip
from helpers.service.graph_tenant import REPLIES, GraphWorld
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import wait_until

# The service's least interval between two looks, in seconds.
INTERVAL = 5
# The promise, in seconds; the usual interval is twice the least.
LONGEST = 15
# The next poll is far away: what is noticed is noticed by a look.
HOUR = 3600


@pytest.fixture
def roundtrip(take_service: Callable[..., RunningService], world: GraphWorld) -> GraphRoundTrip:
    made = GraphRoundTrip(take_service(microsoft=world.access), world)
    made.set_up(sync_interval=HOUR, quick_look=INTERVAL)
    return made


def looks(roundtrip: GraphRoundTrip) -> list[dict[str, Any]]:
    return roundtrip.world.asked("GET", "select=id&")


def polled(roundtrip: GraphRoundTrip) -> bool:
    workers = roundtrip.state()["workers"]
    return bool(workers) and workers[0]["state"] == "waiting"


def test_a_look_brings_replies_without_a_poll(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    emulator = roundtrip.world.emulator
    with roundtrip.syncing():
        wait_until(lambda: polled(roundtrip), "no poll was completed")
        emulator.forget_requests()
        began = time.monotonic()
        wait_until(lambda: looks(roundtrip), "there was no look")
        assert len(looks(roundtrip)) <= (time.monotonic() - began) / INTERVAL + 1, "more looks than were asked for"
        quiet = emulator.requests()
        assert len(quiet) == len(looks(roundtrip)), f"one request a look, and no other: {quiet}"

        arrived = time.monotonic()
        roundtrip.receive(answer(mail, "One."))
        before = len(looks(roundtrip))
        wait_until(lambda: roundtrip.texts(conversation) == ["One."], "the reply was not posted")
        assert time.monotonic() - arrived < LONGEST, "the reply was not posted in the promised time"
        assert len(looks(roundtrip)) - before <= 1, "the first look after its arrival noticed the reply"

        # A person marks a handled reply as unread again, while another one arrives.
        wait_until(lambda: polled(roundtrip) and None not in roundtrip.categories(), "the poll was not completed")
        handled = roundtrip.world.found(REPLIES)[0]["id"]
        before = len(looks(roundtrip))
        wait_until(lambda: len(looks(roundtrip)) > before, "there was no look after the poll")
        emulator.mark(REPLIES, read=False, message=handled)
        roundtrip.receive(answer(mail, "Two."))
        wait_until(lambda: roundtrip.texts(conversation) == ["One.", "Two."], "the reply was not posted")
        roundtrip.wait_handled()

