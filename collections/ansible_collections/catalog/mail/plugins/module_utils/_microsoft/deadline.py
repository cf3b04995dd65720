# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The deadline of a run, and sleeping before it. An edge."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Deadline:
    """The end of waiting, ``seconds`` after the creation of this object."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Sleep; False, without sleeping, when the deadline comes before."""
        if seconds >= self.left:
            return False
        time.sleep(seconds)
        return True

    def extend(self, seconds: float) -> None:
        """Move the end so that at least ``seconds`` are left."""
        self._end = max(self._end, time.monotonic() + seconds)

    @staticmethod
    def clock() -> datetime:
        """Return the present time of this machine."""
        return datetime.now(timezone.utc)
