# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of messages begun per second, kept over all processes and nodes by one stored time.

Messages have slots, one every 1/n seconds. The stored time is that of the next free slot (the generic cell rate algorithm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# Seconds of unused slots that may be used at once: as many as go by between two look-ups.
BURST = 0.1
# A next slot that is further ahead, in seconds beside its own length, was written by a wrong clock.
LONGEST_AHEAD = 1.0
# The part of a slot that the rounding of times may cost: a time of the epoch is exact to a quarter of a microsecond.
ROUNDING = 0.01


@dataclass(frozen=True)
class Pace:
    """`per_second` messages may begin each second. Times are seconds of one clock."""

    per_second: int

    def free_slots(self, next_slot: float, now: float) -> int:
        """Return the number of messages that may begin now."""
        first = self._first(next_slot, now)
        return max(0, math.floor((now - first) * self.per_second + ROUNDING) + 1)

    def after(self, next_slot: float, now: float, begun: int) -> float:
        """Return the next free slot when `begun` messages have taken theirs."""
        return self._first(next_slot, now) + begun / self.per_second

    def pause(self, next_slot: float, now: float) -> float:
        """Return the seconds until a slot is free."""
        return max(0.0, self._first(next_slot, now) - now)

    def _first(self, next_slot: float, now: float) -> float:
        if next_slot > now + LONGEST_AHEAD + 1 / self.per_second:
            return now
        unused = math.floor(BURST * self.per_second)
        return max(next_slot, now - unused / self.per_second)
