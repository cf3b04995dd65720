# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that are moved to the archive, and those that are removed from it."""

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
        (filed("$catalogposted"), None, True),  # a server may return it in lower case
        (filed("$CatalogPosted", "\\Flagged", "Work"), None, True),
        # never unread messages, whatever their keywords and records
        (filed("$CatalogPosted", seen=False), None, False),
        (filed(seen=False), POSTED, False),
        # never messages that the service has not handled
        (filed(), None, False),
        (filed("\\Seen", "\\Answered", "$Junk"), None, False),
        # a server without keywords: the record decides
        (filed(), POSTED, True),
        (filed(), REJECTED, True),
        (filed(), IGNORED, True),
        # quarantined messages stay in the mailbox for an administrator
        (filed("$CatalogQuarantined"), None, False),
        (filed("$CatalogQuarantined", "$CatalogPosted"), None, False),
        (filed(), QUARANTINED, False),
    ],
)
def test_only_read_and_handled_messages_are_moved(message: Filed, recorded: Disposition | None, moves: bool) -> None:
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
        (filed(days=4000), 30, False),  # another program's message
        (filed("$CatalogQuarantined", days=400), 30, False),
    ],
)
def test_only_old_and_handled_messages_expire(message: Filed, keep_days: int, expires: bool) -> None:
    assert to_expire([message], NOW, keep_days) == ([message.key] if expires else [])


MESSAGES = st.builds(
    filed,
    st.sampled_from(["$CatalogPosted", "$CatalogQuarantined", "$CatalogIgnored", "Work", "\\Flagged"]),
    seen=st.booleans(),
    days=st.floats(-10, 4000),
    key=st.integers(1, 50).map(str),
)


@given(st.lists(MESSAGES, max_size=30), st.dictionaries(st.integers(1, 50).map(str), st.sampled_from(list(Disposition))))
def test_unread_messages_are_never_moved(messages: list[Filed], recorded: dict[str, Disposition]) -> None:
    unread = {message.key for message in messages} - {message.key for message in messages if message.seen}
    assert not unread & {*to_move(messages, recorded), *to_expire(messages, NOW, 1)}
