"""What is moved to the archive, and what is removed from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from catalog_mail.domain.replies.archive import to_expire, to_move
from catalog_mail.domain.replies.mailbox import Disposition, Filed
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
POSTED, IGNORED, REJECTED, QUARANTINED = Disposition


def filed(*keywords: str, seen: bool = True, days: float = 0, key: str = "7") -> Filed:
    return Filed(key, seen, frozenset(keywords), NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("message", "recorded", "moves"),
    [
        (filed("$CatalogPosted"), None, True),
        (filed("$CatalogIgnored"), None, True),
        (filed("$CatalogRejected"), None, True),
        (filed("$catalogposted"), None, True),  # as a server may give it back
        (filed("$CatalogPosted", "\\Flagged", "Work"), None, True),
        # never what is unread, whatever else is said of it
        (filed("$CatalogPosted", seen=False), None, False),
        (filed(seen=False), POSTED, False),
        # never what nobody of us has handled
        (filed(), None, False),
        (filed("\\Seen", "\\Answered", "$Junk"), None, False),
        # a server without keywords: what is recorded counts
        (filed(), POSTED, True),
        (filed(), REJECTED, True),
        (filed(), IGNORED, True),
        # what was put aside stays where an administrator finds it
        (filed("$CatalogQuarantined"), None, False),
        (filed("$CatalogQuarantined", "$CatalogPosted"), None, False),
        (filed(), QUARANTINED, False),
    ],
)
def test_only_what_is_read_and_handled_is_moved(message: Filed, recorded: Disposition | None, moves: bool) -> None:
    assert to_move([message], {message.key: recorded} if recorded else {}) == ([message.key] if moves else [])


@pytest.mark.parametrize(
    ("message", "keep_days", "expires"),
    [
        (filed("$CatalogPosted", days=31), 30, True),
        (filed("$CatalogRejected", days=30.001), 30, True),
        (filed("$CatalogPosted", days=30), 30, False),
        (filed("$CatalogPosted", days=1.5), 1, True),
        (filed("$CatalogPosted", days=-400), 1, False),  # a date in the future
        (filed("$CatalogPosted", days=400, seen=False), 30, False),
        (filed(days=4000), 30, False),  # somebody else's
        (filed("$CatalogQuarantined", days=400), 30, False),
    ],
)
def test_only_what_is_ours_and_old_expires(message: Filed, keep_days: int, expires: bool) -> None:
    assert to_expire([message], NOW, keep_days) == ([message.key] if expires else [])


MESSAGES = st.builds(
    filed,
    st.sampled_from(["$CatalogPosted", "$CatalogQuarantined", "$CatalogIgnored", "Work", "\\Flagged"]),
    seen=st.booleans(),
    days=st.floats(-10, 4000),
    key=st.integers(1, 50).map(str),
)


@given(st.lists(MESSAGES, max_size=30), st.dictionaries(st.integers(1, 50).map(str), st.sampled_from(list(Disposition))))
def test_nothing_unread_ever_leaves(messages: list[Filed], recorded: dict[str, Disposition]) -> None:
    unread = {message.key for message in messages} - {message.key for message in messages if message.seen}
    assert not unread & {*to_move(messages, recorded), *to_expire(messages, NOW, 1)}
