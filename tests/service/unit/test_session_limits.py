# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The learned limits of SMTP sessions: by server, for an hour, the last one counts."""

from __future__ import annotations

from catalog_mail.adapters.smtp.session_limits import MOST_MESSAGES, SessionLimits


def test_a_limit_is_remembered_for_an_hour() -> None:
    now = [0.0]
    limits = SessionLimits(now=lambda: now[0])
    assert limits.most("a:25") == MOST_MESSAGES
    limits.learn("a:25", 10, 452, "4.4.5 Maximum number of messages per session")
    assert (limits.most("a:25"), limits.most("b:25")) == (10, MOST_MESSAGES)
    now[0] = 3599.0
    assert limits.most("a:25") == 10
    now[0] = 3600.0
    assert limits.most("a:25") == MOST_MESSAGES


def test_the_last_limit_counts() -> None:
    limits = SessionLimits()
    for messages in (10, 3, 7):
        limits.learn("a:25", messages, 421, "too many messages")
        assert limits.most("a:25") == messages


def test_a_lost_connection_is_no_limit() -> None:
    limits = SessionLimits()
    limits.learn("a:25", 3, None, "")
    assert limits.most("a:25") == MOST_MESSAGES
