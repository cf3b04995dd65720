# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and timeouts of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_mail.domain.notifications.mail_log import Retention

BATCH = 20


@dataclass(frozen=True)
class QueueOptions:
    """`concurrency` messages at a time in this process; with `limited`, the leases have a limit of messages begun per second.

    A lease that is not renewed for `takeover_after` seconds has run out. `keep_days` is how long messages are kept, and
    `retention` how long the log keeps deliveries; with None, another process removes the old ones.
    """

    node: str
    concurrency: int = 16
    limited: bool = False
    takeover_after: float = 30
    keep_days: int | None = 30
    retention: Retention | None = None

    @property
    def batch(self) -> int:
        """Deliveries in one batch; 1 with a limit per second, since a delivery that is leased must begin at once."""
        return 1 if self.limited else BATCH
