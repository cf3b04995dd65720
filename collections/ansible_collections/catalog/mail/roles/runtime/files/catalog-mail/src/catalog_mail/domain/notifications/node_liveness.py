"""Which nodes are alive, judged by whether their signs of life change. No two clocks are compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class Watch:
    """What one node has seen of the others' signs of life.

    A node is taken for alive until its sign has not changed for `timeout` seconds of the watcher's own clock. So a watcher
    that has just started waits as long before it calls anybody dead, and clocks that differ do no harm.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._seen: dict[str, tuple[datetime, float]] = {}

    def look(self, beats: Mapping[str, datetime], now: float) -> frozenset[str]:
        """The names of those alive; `now` is in seconds and never goes back."""
        for name, beat in beats.items():
            known = self._seen.get(name)
            if known is None or known[0] != beat:
                self._seen[name] = (beat, now)
        self._seen = {name: seen for name, seen in self._seen.items() if name in beats}
        return frozenset(name for name, (_beat, since) in self._seen.items() if now - since < self._timeout)
