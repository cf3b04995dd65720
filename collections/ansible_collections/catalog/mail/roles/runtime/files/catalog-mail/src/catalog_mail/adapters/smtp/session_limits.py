# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remember after how many messages a server refuses more on one session, for as long as this process runs."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

# Limit of every session, within those of common servers: 50 or 100 messages.
MOST_MESSAGES = 50
# Seconds for which a refusal is remembered; the server's administrator may change the limit.
REMEMBERED = 3600.0
# RFC 3463 and 5248: 4.3.2 is a server that shuts down or is overloaded, 4.4.1 and 4.4.2 are a connection that was idle for too
# long. They say nothing about the number of messages.
_OTHER_REASONS = re.compile(
    r"\A[45]\.(?:3\.2|4\.[12])(?![.\d])|time-?out|timed out|\bidle\b|shutting down|shut down", re.IGNORECASE
)


class SessionLimits:
    """The learned limits, by server. Safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._learned: dict[str, tuple[int, float]] = {}

    def most(self, server: str) -> int:
        """Return how many messages a session of this server is used for."""
        with self._lock:
            most, until = self._learned.get(server, (MOST_MESSAGES, 0.0))
            if self._now() < until:
                return most
            self._learned.pop(server, None)
            return MOST_MESSAGES

    def learn(self, server: str, messages: int, code: int | None, text: str) -> None:
        """Remember that a session of this server took this many messages, and refused the next one with this answer.

        A connection that ended without an answer (`code` is None) is not remembered: a restarted server ends all connections.
        """
        if code is None or _OTHER_REASONS.search(text):
            return
        with self._lock:
            self._learned[server] = (max(1, messages), self._now() + REMEMBERED)
