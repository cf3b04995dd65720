# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and timeouts of the queue."""

from __future__ import annotations

from dataclasses import dataclass

BATCH = 20


@dataclass(frozen=True)
class QueueOptions:
    """`concurrency` messages at a time on this node, `per_second` messages begun by all nodes together (0: no limit).

    A lease that is not renewed for `takeover_after` seconds has run out. `keep_days` is how long messages are kept.
    """

    node: str
    concurrency: int = 16
    per_second: int = 0
    takeover_after: float = 30
    keep_days: int = 30

    @property
    def batch(self) -> int:
        """Deliveries in one batch; 1 when there is a limit per second, since that limit counts batches."""
        return 1 if self.per_second else BATCH

    @property
    def most_batches(self) -> int:
        """Largest number of batches leased to this node: twice `concurrency`, so that no thread waits for the engine's next poll.

        With a limit per second, at most what may begin long before a lease runs out. Deliveries that are not leased may be
        leased to any node.
        """
        most = 2 * self.concurrency
        return min(most, max(2, int(self.per_second * self.takeover_after / 4))) if self.per_second else most
