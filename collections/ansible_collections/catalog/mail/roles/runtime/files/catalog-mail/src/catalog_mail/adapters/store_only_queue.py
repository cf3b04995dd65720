"""The queue as a process sees it that only stores: whoever works on it finds by itself what was stored.

It stands beside the package of the queue, so that such a process does not load the engine.
"""

from __future__ import annotations

from collections.abc import Iterable


class StoreOnlyQueue:
    """Fulfils ports.DeliveryQueue."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """They are stored, and will be found."""
