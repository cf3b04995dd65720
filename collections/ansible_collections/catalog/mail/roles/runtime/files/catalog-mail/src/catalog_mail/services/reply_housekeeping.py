# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what is no longer needed of old messages, a little at a time, so that no table grows without end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from catalog_mail.domain.replies.retention import ReplyRetention
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.message_log import MessageLog

# Seconds between two rounds.
INTERVAL = 60.0
# Rows removed in one transaction, and transactions of one round: bounded, so that no reply waits for long.
PORTION = 500
PORTIONS = 10


@dataclass
class ReplyHousekeeping:
    """Does a round at most every INTERVAL seconds."""

    log: MessageLog
    retention: ReplyRetention
    clock: Clock
    _next: float = 0.0

    def tidy_up(self) -> None:
        """Remove old entries and old keys."""
        if time.monotonic() < self._next:
            return
        now = self.clock.now()
        _until_few(lambda: self.log.remove_entries(now - self.retention.log, PORTION))
        _until_few(lambda: self.log.remove_keys(now - self.retention.keys, PORTION))
        self._next = time.monotonic() + INTERVAL


def _until_few(remove: Callable[[], int]) -> None:
    for _portion in range(PORTIONS):
        if remove() < PORTION:
            return
