# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The time that a run has, and how it is waited. An edge."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Patience:
    """Seconds from now on; what waits, waits within them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; never less than 0."""
        return max(0.0, self._end - time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Sleep so long; False, without sleeping, where the time does not suffice."""
        if seconds >= self.left:
            return False
        time.sleep(seconds)
        return True

    @staticmethod
    def clock() -> datetime:
        """The moment by the clock of this machine."""
        return datetime.now(timezone.utc)
