# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of messages per second: slots that go by are bounded, and a wrong clock holds nobody up."""

from __future__ import annotations

import pytest
from catalog_mail.domain.notifications.pace import BURST, LONGEST_AHEAD, Pace
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("per_second", "next_slot", "free"),
    [
        (1, 0.0, 1),  # unused slots of a slow limit are not kept
        (1, NOW, 1),
        (1, NOW + 0.5, 0),
        (10, 0.0, 2),  # one of the last tenth of a second, and one now
        (10, NOW - 0.05, 1),
        (100, 0.0, 11),
        (100, NOW + 0.005, 0),
        (100, NOW - 0.02, 3),
        (10, NOW + LONGEST_AHEAD + 0.2, 1),  # written by a clock that was ahead
    ],
)
def test_free_slots(per_second: int, next_slot: float, free: int) -> None:
    assert Pace(per_second).free_slots(next_slot, NOW) == free


@given(
    per_second=st.integers(1, 10_000),
    steps=st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_never_more_begin_than_the_limit_and_one_burst(per_second: int, steps: list[tuple[float, int]]) -> None:
    pace = Pace(per_second)
    next_slot, now, begun = 0.0, NOW, 0
    for wait, wanted in steps:
        now += wait
        free = pace.free_slots(next_slot, now)
        if taken := min(wanted, free):
            next_slot = pace.after(next_slot, now, taken)
            begun += taken
        else:
            assert 0 < pace.pause(next_slot, now) <= LONGEST_AHEAD + 1 / per_second
    assert begun <= (now - NOW + BURST) * per_second + 1.5


@given(per_second=st.integers(1, 10_000), next_slot=st.floats(0, 2 * NOW))
def test_a_slot_is_free_after_the_pause(per_second: int, next_slot: float) -> None:
    pace = Pace(per_second)
    assert pace.free_slots(next_slot, NOW + pace.pause(next_slot, NOW) + 1e-6) >= 1
