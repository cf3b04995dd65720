# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications, their deliveries, and the queue that sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.domain.notifications.notification import Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome


class NotificationStore(Protocol):
    """Notifications and their deliveries, for requests and queries."""

    def add(self, notification: Notification, deliveries: Sequence[Delivery]) -> tuple[Notification, bool]:
        """Store a notification and its deliveries in one transaction; return the notification and True.

        With an idempotency key that is known, store nothing and return the earlier notification and False. Raises Conflict
        when the earlier notification had other content.
        """

    def notification(self, notification_id: str) -> Notification: ...  # raises NotFound

    def deliveries(self, notification_id: str) -> Sequence[Delivery]: ...

    def delivery(self, delivery_id: str) -> Delivery: ...  # raises NotFound

    def counts(self) -> Mapping[State, int]: ...

    def oldest_open(self) -> datetime | None:
        """Return the time at which the oldest delivery that is not final was accepted; None when all are final."""


class DeliveryQueue(Protocol):
    """The durable queue. This node or another works on each stored delivery until its state is final."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Begin to send stored deliveries at once. Enqueueing an id twice has the same effect as once."""


class DeliveryStore(Protocol):
    """The deliveries as the queue sends them: in batches, each of which belongs to one durable workflow.

    A delivery that is `queued` or `sending` belongs to the batch that it names. Only deliveries of a batch are sent, so that
    two workflows never send the same one.
    """

    def claim(self, batch: str, *, at: datetime, limit: int) -> int:
        """Put at most `limit` deliveries into a new batch as `queued`; return their number.

        Deliveries whose next attempt is due come first, then accepted ones, oldest first. One whose next attempt is further
        ahead than any pause lasts is due as well: the clock was wrong when it was scheduled.
        """

    def queued(self) -> int:
        """Return the number of deliveries that are `queued`, in all batches."""

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """Return the unfinished deliveries of a batch, oldest first."""

    def begin(self, batch: str, delivery: Delivery) -> bool:
        """Record that a delivery is `sending`, with its message and the number of this attempt.

        Returns False when it must not be sent here: it belongs to another batch by now, or another workflow began this attempt.
        """

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record the outcome of an attempt, with its number. A final state never changes."""

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """Give the rest of a batch the same outcome, without an attempt."""

    def retry_now(self, at: datetime) -> int:
        """Make every delivery that waits for its next attempt due at once, on every node; return their number.

        The pause that is cut short does not count as waited.
        """

    def release(self, batch: str) -> int:
        """Make the rest of a batch `accepted` again, for another batch. Returns the number of released deliveries."""

    def batches(self, *, claimed_before: datetime, limit: int) -> Sequence[str]:
        """Return at most `limit` batches that were claimed before that time and have unfinished deliveries."""

    def forget_messages(self, *, accepted_before: datetime, limit: int) -> int:
        """Delete the rendered messages of at most `limit` old final deliveries. Returns their number."""


class Nodes(Protocol):
    """The nodes that work on one queue, each with its last heartbeat."""

    def heartbeat(self, name: str) -> None:
        """Record a heartbeat of this node."""

    def heartbeats(self) -> Mapping[str, datetime]:
        """Return the last heartbeat of each node, by that node's own clock. Check whether it changes; do not compare clocks."""

    def forget(self, name: str) -> None:
        """Remove a node that has ended and has no unfinished deliveries."""


class Templates(Protocol):
    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template such as `mention.txt` or `mention.html`, with HTML escaped.

        Raises Misconfigured when the template cannot be used.
        """
