"""The queue of a process that only stores deliveries; another process finds and sends them.

It is no part of the queue's package, so that such a process does not load the engine.
"""

from __future__ import annotations

from collections.abc import Iterable


class StoreOnlyQueue:
    """Fulfils ports.DeliveryQueue."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """They are stored, and will be found."""
