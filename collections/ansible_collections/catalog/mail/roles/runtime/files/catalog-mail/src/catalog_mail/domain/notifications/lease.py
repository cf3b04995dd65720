# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases on batches of deliveries, and how a node finds the leases that nobody renews. Clocks of nodes are never compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Lease:
    """A node's right to send the deliveries of a batch.

    `renewed_at` is the time of the last renewal by that node's own clock: it is only checked for changes.
    """

    batch: str
    node: str | None
    renewed_at: datetime | None


@dataclass(frozen=True)
class Claimed:
    """The number of deliveries leased, and the seconds after which more may be, when a limit per second allows no more now."""

    deliveries: int
    again_in: float | None = None


class LeaseWatch:
    """The leases that one node has seen, and since when each is unchanged.

    A lease has run out when it has not changed for `timeout` seconds of the watcher's own monotonic clock. So a watcher that has
    just started waits that long before it ends a lease, and no wrong clock ends one.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._unchanged_since: dict[Lease, float] = {}

    def run_out(self, leases: Iterable[Lease], now: float) -> list[Lease]:
        """Return the leases that have run out; `leases` are all that exist, `now` is in seconds of a monotonic clock."""
        self._unchanged_since = {lease: self._unchanged_since.get(lease, now) for lease in leases}
        return [lease for lease, since in self._unchanged_since.items() if now - since >= self._timeout]

    def start_over(self) -> None:
        """Count from now on: while the database failed, no node could renew a lease."""
        self._unchanged_since = {}
