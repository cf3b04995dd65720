"""Pauses before what failed is tried again."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.retry_schedule import Patience, pause


@pytest.mark.parametrize(
    ("failures", "retry_after", "longest", "seconds"),
    [
        (1, None, 300, 2), (2, None, 300, 4), (5, None, 300, 32), (9, None, 300, 300), (10_000, None, 300, 300),
        (0, None, 300, 2), (1, 60, 300, 60), (3, 1, 300, 8), (9, 600, 300, 600), (9, None, 10, 10),
    ],
)  # fmt: skip
def test_pauses_grow_up_to_a_limit_and_heed_who_asks_for_more(
    failures: int, retry_after: float | None, longest: float, seconds: float
) -> None:
    assert pause(failures, retry_after, longest) == seconds


def test_only_what_failed_waits() -> None:
    time = 100.0
    patience = Patience(lambda: time)
    patience.failed("a", None)
    patience.failed("b", 30)
    assert patience.due(["a", "b", "c"]) == ["c"]
    assert patience.soonest() == 2
    time = 102.0
    assert patience.due(["a", "b", "c"]) == ["a", "c"]
    patience.failed("a", None)
    assert patience.soonest() == 4
    time = 200.0
    assert patience.due(["a", "b"]) == ["a", "b"]
    assert patience.soonest() == 0
    patience.done("a")
    patience.done("b")
    assert patience.soonest() is None
