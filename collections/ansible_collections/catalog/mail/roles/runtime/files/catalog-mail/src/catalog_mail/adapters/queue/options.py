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

    After `takeover_after` seconds without a heartbeat a node counts as dead. `keep_days` is how long messages are kept.
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
    def most_queued(self) -> int:
        """Largest number of queued deliveries; the others are not claimed yet, and any node may take them."""
        return max(4 * self.concurrency * self.batch, 2 * self.per_second)
