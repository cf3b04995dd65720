"""Notifications, their deliveries, and the queue that works on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.domain.notifications.notification import Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome


class NotificationStore(Protocol):
    """Notifications and their deliveries, for those who ask for them and look them up."""

    def add(self, notification: Notification, deliveries: Sequence[Delivery]) -> tuple[Notification, bool]:
        """Store all in one transaction. With an idempotency key that is known, nothing is stored and the earlier
        notification returned with False. Raises Conflict if that one had other content."""

    def notification(self, notification_id: str) -> Notification: ...  # raises NotFound

    def deliveries(self, notification_id: str) -> Sequence[Delivery]: ...

    def delivery(self, delivery_id: str) -> Delivery: ...  # raises NotFound

    def counts(self) -> Mapping[State, int]: ...

    def oldest_open(self) -> datetime | None:
        """When the oldest delivery that is not final was accepted."""


class DeliveryQueue(Protocol):
    """The durable queue. Whatever is stored and not final is worked on until it is, by this node or another."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Begin with these at once. They must be stored; enqueueing an id twice is the same as once."""


class DeliveryStore(Protocol):
    """The deliveries as the queue works on them: in batches, each of which one durable workflow has.

    A delivery that is `queued` or `sending` belongs to the batch that it names. Only what belongs to a batch is sent, so
    that nothing is sent by two workflows.
    """

    def claim(self, batch: str, *, at: datetime, limit: int) -> int:
        """Put up to so many into a new batch, `queued`: what is to be tried again by now, then what was accepted, oldest
        first. Returns how many."""

    def queued(self) -> int:
        """How many are `queued`, in all batches."""

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """What is still to be done of a batch, oldest first."""

    def begin(self, batch: str, delivery: Delivery) -> bool:
        """Record that this one is `sending`: its message and the number of this try are kept from now on.

        False if it is not to be sent here: it belongs to another batch by now, or somebody else has begun this try.
        """

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record how a try ended, with its number. A final state is never left again."""

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """The rest of a batch has the same outcome, without a try of its own."""

    def release(self, batch: str) -> int:
        """The rest of a batch is `accepted` again, for another batch. Returns how many."""

    def batches(self, *, claimed_before: datetime, limit: int) -> Sequence[str]:
        """Batches from before then with something still to be done."""

    def forget_messages(self, *, accepted_before: datetime, limit: int) -> int:
        """Remove the rendered messages of old final deliveries. Returns how many."""


class Nodes(Protocol):
    """The nodes that work on one queue, each with its last sign of life."""

    def beat(self, name: str) -> None:
        """A sign of life of this one."""

    def beats(self) -> Mapping[str, datetime]:
        """The last sign of each, by the clock of each: good to see that it changes, not to be compared."""

    def forget(self, name: str) -> None:
        """It has ended, and left nothing undone."""


class Templates(Protocol):
    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """The text of a template such as `mention.txt` or `mention.html`; HTML is escaped. Raises Misconfigured."""
