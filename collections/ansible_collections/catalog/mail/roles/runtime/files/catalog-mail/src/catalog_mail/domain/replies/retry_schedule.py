"""Pauses before something is tried again that failed: longer each time, so that what will not work costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

FIRST = 2.0
LONGEST = 300.0
# More are forgotten together: then each is tried once more, which is no harm.
_MOST = 100_000


def pause(failures: int, retry_after: float | None = None, longest: float = LONGEST) -> float:
    """Seconds after so many failures in a row, at least one; never less than the other side asked for."""
    doubled = FIRST * 2.0 ** min(max(failures, 1) - 1, 30)
    return max(min(doubled, longest), retry_after or 0.0)


@dataclass
class RetrySchedule:
    """When single messages are to be tried again. `now` gives seconds that only grow."""

    now: Callable[[], float]
    _failures: dict[str, int] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)

    def due(self, keys: Iterable[str]) -> list[str]:
        """Those that need not wait."""
        now = self.now()
        return [key for key in keys if self._not_before.get(key, now) <= now]

    def failed(self, key: str, retry_after: float | None) -> None:
        """It failed, once more."""
        if len(self._failures) >= _MOST:
            self._failures.clear()
            self._not_before.clear()
        self._failures[key] = self._failures.get(key, 0) + 1
        self._not_before[key] = self.now() + pause(self._failures[key], retry_after)

    def done(self, key: str) -> None:
        """It is over."""
        self._failures.pop(key, None)
        self._not_before.pop(key, None)

    def soonest(self) -> float | None:
        """Seconds until the first is due; None if none waits."""
        return max(0.0, min(self._not_before.values()) - self.now()) if self._not_before else None
