# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses between attempts, longer after each failure, so that lasting failures cost little."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

FIRST = 2.0
LONGEST = 300.0
# At this number all failures are forgotten; each message is then tried once more.
_MOST = 100_000


def pause(failures: int, retry_after: float | None = None, longest: float = LONGEST) -> float:
    """Return the seconds to wait after `failures` (1 or more) in a row, at least `retry_after`."""
    doubled = FIRST * 2.0 ** min(max(failures, 1) - 1, 30)
    return max(min(doubled, longest), retry_after or 0.0)


@dataclass
class RetrySchedule:
    """The times of the next attempts for single messages. `now` returns seconds of a monotonic clock."""

    now: Callable[[], float]
    _failures: dict[str, int] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)

    def due(self, keys: Iterable[str]) -> list[str]:
        """Return the keys that need not wait."""
        now = self.now()
        return [key for key in keys if self._not_before.get(key, now) <= now]

    def failed(self, key: str, retry_after: float | None) -> None:
        """Count a failure of a message, and schedule its next attempt."""
        if len(self._failures) >= _MOST:
            self._failures.clear()
            self._not_before.clear()
        self._failures[key] = self._failures.get(key, 0) + 1
        self._not_before[key] = self.now() + pause(self._failures[key], retry_after)

    def done(self, key: str) -> None:
        """Forget a message that was handled."""
        self._failures.pop(key, None)
        self._not_before.pop(key, None)

    def soonest(self) -> float | None:
        """Return the seconds until the first message is due; None when no message waits."""
        return max(0.0, min(self._not_before.values()) - self.now()) if self._not_before else None
