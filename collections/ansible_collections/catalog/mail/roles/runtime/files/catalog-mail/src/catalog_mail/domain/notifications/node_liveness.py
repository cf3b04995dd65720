# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the nodes that are alive by changes of their heartbeats. Clocks of different nodes are never compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class LivenessWatch:
    """The heartbeats that one node has seen of the others.

    A node counts as alive until its heartbeat has not changed for `timeout` seconds of the watcher's own clock. So a watcher
    that has just started waits that long before it reports a node as dead, and clocks may differ.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._seen: dict[str, tuple[datetime, float]] = {}

    def alive(self, heartbeats: Mapping[str, datetime], now: float) -> frozenset[str]:
        """Return the names of the nodes that are alive; `now` is in seconds of a monotonic clock."""
        for name, heartbeat in heartbeats.items():
            known = self._seen.get(name)
            if known is None or known[0] != heartbeat:
                self._seen[name] = (heartbeat, now)
        self._seen = {name: seen for name, seen in self._seen.items() if name in heartbeats}
        return frozenset(name for name, (_heartbeat, since) in self._seen.items() if now - since < self._timeout)
