# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses before failed operations are retried."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.retry_schedule import RetrySchedule, pause


@pytest.mark.parametrize(
    ("failures", "retry_after", "longest", "seconds"),
    [
        (1, None, 300, 2), (2, None, 300, 4), (5, None, 300, 32), (9, None, 300, 300), (10_000, None, 300, 300),
        (0, None, 300, 2), (1, 60, 300, 60), (3, 1, 300, 8), (9, 600, 300, 600), (9, None, 10, 10),
    ],
)  # fmt: skip
def test_pauses_grow_and_respect_retry_after(
    failures: int, retry_after: float | None, longest: float, seconds: float
) -> None:
    assert pause(failures, retry_after, longest) == seconds


def test_only_failed_items_wait() -> None:
    time = 100.0
    schedule = RetrySchedule(lambda: time)
    schedule.failed("a", None)
    schedule.failed("b", 30)
    assert schedule.due(["a", "b", "c"]) == ["c"]
    assert schedule.soonest() == 2
    time = 102.0
    assert schedule.due(["a", "b", "c"]) == ["a", "c"]
    schedule.failed("a", None)
    assert schedule.soonest() == 4
    time = 200.0
    assert schedule.due(["a", "b"]) == ["a", "b"]
    assert schedule.soonest() == 0
    schedule.done("a")
    schedule.done("b")
    assert schedule.soonest() is None
