# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems with receiving replies, as sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.replies.problems import Observed, problems

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)
INTERVAL = timedelta(minutes=3)
WELL = Observed(1, NOW - timedelta(seconds=20), None, 0, 0, 0, ())
REFUSED = Failure(Cause.LOGIN_REFUSED, "The login was refused.", "Give the right password.", temporary=True)


def test_a_healthy_state_has_no_problems() -> None:
    assert problems(WELL, INTERVAL, NOW) == []
    assert problems(replace(WELL, backlog=3, oldest_unread=NOW - timedelta(minutes=2)), INTERVAL, NOW) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alive": 0}, ["No process", "systemctl start catalog-mail-reply-sync"]),
        ({"errors": (REFUSED,)}, ["The login was refused. Give the right password."]),
        ({"last_good_poll": None}, ["not read so far"]),
        ({"last_good_poll": NOW - timedelta(minutes=30)}, ["not read since 2026-11-21 08:30"]),
        ({"backlog": 4, "oldest_unread": NOW - timedelta(hours=1)}, ["4 messages wait", "2026-11-21 08:00"]),
        (
            {"backlog": 2, "foreign_intents": 2, "foreign_since": HOUR_AGO, "oldest_unread": HOUR_AGO},
            ["2 unread messages", "no key of this installation signed", "2026-11-21 08:00", "a mailbox of its own"],
        ),
        ({"taken_by_others": 2}, ["2 messages", "something else", "mark those messages as unread"]),
        (
            {"taken_by_others": 2, "mailbox": "INBOX of replies"},
            ["2 messages of the mailbox were marked", "a rule or other automatic processing of INBOX of replies"],
        ),
        (
            {"misplaced": {"Junk": 3, "Rules": 1}, "mailbox": "replies@corp.test"},
            [
                "4 replies",
                "1 in 'Rules'",
                "3 in 'Junk'",
                "automatic processing of the mailbox replies@corp.test",
                "move the replies back",
            ],
        ),
        ({"quarantined": 1}, ["1 messages", "$CatalogQuarantined"]),
    ],
)
def test_each_problem_has_a_sentence_with_a_remedy(changes: dict[str, Any], words: list[str]) -> None:
    (found,) = problems(replace(WELL, **changes), INTERVAL, NOW)
    assert all(word in found.sentence for word in words)
    assert found.code
