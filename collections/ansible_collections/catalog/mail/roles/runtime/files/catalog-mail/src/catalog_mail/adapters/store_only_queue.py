# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of a process that only stores deliveries; another process finds and sends them.

It is in a module of its own, so that such a process does not import the queue's engine.
"""

from __future__ import annotations

from collections.abc import Iterable


class StoreOnlyQueue:
    """Implements ports.DeliveryQueue."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Do nothing: the deliveries are stored, and the other process finds them."""
