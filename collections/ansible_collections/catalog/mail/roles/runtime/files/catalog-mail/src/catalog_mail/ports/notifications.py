# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications, their deliveries, and the queue that sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.domain.notifications.lease import Claimed, Lease
from catalog_mail.domain.notifications.mail_log import Retention
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.ports.catalog import Notice

Finished = tuple[Delivery, Outcome]
"""An attempt and its outcome."""


@dataclass(frozen=True)
class Conditions:
    """The conditions of an attempt: the revision of the settings in force, and whether the recipient has opted out."""

    revision: int
    opted_out: bool


class AttemptConditions(Protocol):
    def conditions(self, address: str, kind: Kind) -> Conditions:
        """Return the conditions of a message of this kind to this address, as they are stored now, by any process."""


class NotificationStore(Protocol):
    """Notifications and their deliveries, for requests and queries."""

    def add(self, notices: Sequence[Notice]) -> list[tuple[Notification, bool] | Exception]:
        """Store notifications with their deliveries in one transaction; return for each the notification and True.

        Of a notice with an idempotency key that is known, nothing is stored; the earlier notification and False are returned,
        or Conflict when it had other content. A notice that cannot be stored has its error and leaves the others stored.
        Raises StorageFailed when nothing was stored.
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


class DeliveryLeases(Protocol):
    """The leases on deliveries: which node works on which batch. They are the only record of it.

    A delivery that is `queued` or `sending` belongs to the batch that it names, and is sent for that batch only. Without a batch,
    a `sending` delivery was left by a node whose lease ran out: its outcome is unknown.
    """

    def claim(self, batch: str, *, node: str, at: datetime, limit: int) -> Claimed:
        """Lease at most `limit` deliveries to a node as a new batch.

        `sending` deliveries without a lease come first, then those whose next attempt is due, then accepted ones, oldest first.
        A next attempt that is further ahead than any pause lasts is due as well: the clock was wrong when it was scheduled.
        """

    def renew(self, batches: Iterable[str], *, node: str, at: datetime) -> None:
        """Record that this node works on these batches."""

    def leases(self) -> Sequence[Lease]:
        """Return all leases."""

    def end(self, leases: Iterable[Lease]) -> int:
        """End these leases, except those renewed since; return the number of deliveries that were freed for a new batch."""

    def end_all(self, node: str) -> int:
        """End all leases of a node, which must not be sending; return the number of deliveries that were freed."""

    def release(self, batch: str) -> int:
        """End the lease of a batch that this node has stopped working on; return the number of deliveries that were freed."""


class DeliveryStore(Protocol):
    """The deliveries as the queue sends them, batch by batch."""

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """Return the unfinished deliveries of a batch, oldest first."""

    def begin(self, batch: str, delivery: Delivery, finished: Finished | None = None) -> bool:
        """Record that a delivery is `sending`, with its message and the number of this attempt.

        Returns False when it must not be sent here: it belongs to another batch by now, or another worker began this attempt.
        `finished` is recorded as by `finish`, not later than this and also when the result is False, if possible in the same
        transaction.
        """

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record the outcome of an attempt, with its number. A final state never changes."""

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """Give the rest of a batch the same outcome, without an attempt."""

    def retry_now(self, at: datetime) -> int:
        """Make every delivery that waits for its next attempt due at once, on every node; return their number.

        The pause that is cut short does not count as waited.
        """

    def forget_messages(self, *, ended_before: datetime, limit: int) -> int:
        """Delete the rendered messages of at most `limit` deliveries that ended long ago. Returns their number."""

    def remove_old(self, retention: Retention, now: datetime, *, limit: int) -> int:
        """Remove old notifications whose deliveries have all ended from the log; return their number.

        At most `limit` of each sort are removed: those of conversations, those with an idempotency key, and the others.
        """


class Templates(Protocol):
    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template such as `mention.txt` or `mention.html`, with HTML escaped.

        Raises Misconfigured when the template cannot be used.
        """
