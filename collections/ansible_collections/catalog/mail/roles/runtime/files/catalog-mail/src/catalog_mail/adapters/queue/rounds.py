# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the loops of a queue last came round, in memory that processes share."""

from __future__ import annotations

import mmap
import time

# Seconds after which a loop that has not come round is stuck. Waiting for a locked or distant database takes less.
STUCK = 120.0
_DISPATCH, _HOUSEKEEPING, _LOOPS = 0, 1, 2


class Rounds:
    """The times of one queue, in seconds of the monotonic clock, which is the same in all processes of a host.

    Processes that are forked later share the memory.
    """

    def __init__(self) -> None:
        self._times = memoryview(mmap.mmap(-1, _LOOPS * 8)).cast("d")

    def begin(self) -> None:
        """Note that both loops begin."""
        self._times[_DISPATCH] = self._times[_HOUSEKEEPING] = time.monotonic()

    def dispatched(self) -> None:
        """Note that the dispatch of deliveries comes round."""
        self._times[_DISPATCH] = time.monotonic()

    def kept_house(self) -> None:
        """Note that the housekeeping comes round."""
        self._times[_HOUSEKEEPING] = time.monotonic()

    def turn(self) -> bool:
        """Return whether no loop is stuck."""
        now = time.monotonic()
        return all(now - came_round < STUCK for came_round in self._times)
