# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are alive, judged by whether their signs of life change. No two clocks are compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class LivenessWatch:
    """What one node has seen of the others' signs of life.

    A node is taken for alive until its sign has not changed for `timeout` seconds of the watcher's own clock. So a watcher
    that has just started waits as long before it calls anybody dead, and clocks that differ do no harm.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._seen: dict[str, tuple[datetime, float]] = {}

    def alive(self, heartbeats: Mapping[str, datetime], now: float) -> frozenset[str]:
        """The names of those alive; `now` is in seconds and never goes back."""
        for name, heartbeat in heartbeats.items():
            known = self._seen.get(name)
            if known is None or known[0] != heartbeat:
                self._seen[name] = (heartbeat, now)
        self._seen = {name: seen for name, seen in self._seen.items() if name in heartbeats}
        return frozenset(name for name, (_heartbeat, since) in self._seen.items() if now - since < self._timeout)
