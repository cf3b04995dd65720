# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the attempts to send the deliveries of a batch in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Update, case, func, literal, null, select, update

from catalog_mail.adapters.database.delivery_rows import failure_value, storable, to_delivery, to_notification
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import HELD, Instant, deliveries, notifications
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.notifications.notification import FINAL, Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome

_state = deliveries.c.state
_FINAL = [state.value for state in FINAL]
_OPEN = [state.value for state in State if state not in FINAL]


class DatabaseDeliveries:
    """Implements ports.DeliveryStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """Implement `DeliveryStore.held`."""
        query = select(deliveries).where(deliveries.c.batch == batch, HELD)
        query = query.order_by(deliveries.c.accepted_at, deliveries.c.number)
        with reading(self._engine) as connection:
            held = [to_delivery(row) for row in connection.execute(query)]
            wanted = {delivery.notification_id for delivery in held}
            rows = connection.execute(select(notifications).where(notifications.c.id.in_(wanted)))
            known = {row.id: to_notification(row) for row in rows}
        return [(delivery, known[delivery.notification_id]) for delivery in held]

    def begin(self, batch: str, delivery: Delivery) -> bool:
        """Record a delivery as `sending`; False when another worker has begun this try."""
        change = update(deliveries).where(
            deliveries.c.id == delivery.id, deliveries.c.batch == batch, HELD, deliveries.c.attempts == delivery.attempts - 1
        )
        values = {
            "state": State.SENDING.value,
            "attempts": delivery.attempts,
            # The message that was rendered first is kept, so that a retry sends the same bytes.
            "message": func.coalesce(deliveries.c.message, delivery.message),
            "message_id": func.coalesce(deliveries.c.message_id, delivery.message_id),
        }
        return self._change(change.values(values)) > 0

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record the outcome of a try."""
        change = update(deliveries).where(deliveries.c.id == delivery.id, _state.not_in(_FINAL))
        if outcome.state is not State.SENT:
            # An earlier try must not overwrite a later one, unless a server has accepted its message.
            change = change.where(deliveries.c.attempts <= delivery.attempts)
        self._change(change.values(_values(outcome) | {"attempts": delivery.attempts, "waited": delivery.waited}))

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """Give all open deliveries of a batch this outcome."""
        change = update(deliveries).where(deliveries.c.batch == batch, HELD)
        self._change(change.values(_values(outcome) | {"waited": deliveries.c.waited + deliveries.c.pause}))

    def retry_now(self, at: datetime) -> int:
        """Implement `DeliveryStore.retry_now`."""
        accepted_at = deliveries.c.accepted_at
        # The time of acceptance keeps the order, and is over by every node's clock.
        over = case((accepted_at < at, accepted_at), else_=literal(at, Instant))
        change = update(deliveries).where(_state == State.RETRYING.value)
        return self._change(change.values(next_attempt_at=over, pause=0.0))

    def forget_messages(self, *, accepted_before: datetime, limit: int) -> int:
        """Implement `DeliveryStore.forget_messages`."""
        accepted_at = deliveries.c.accepted_at
        # Told by the states that are not final, so that no index of the states is used: most of its messages are gone.
        old = select(deliveries.c.id).where(
            deliveries.c.message.is_not(None), accepted_at < accepted_before, _state.not_in(_OPEN)
        )
        old = old.order_by(accepted_at).limit(limit)
        return self._change(update(deliveries).where(deliveries.c.id.in_(old)).values(message=None))

    def _change(self, change: Update) -> int:
        """Make a change; return the number of changed rows."""
        return write(self._engine, lambda connection: connection.execute(change).rowcount)


def _values(outcome: Outcome) -> dict[str, Any]:
    failure = failure_value(outcome.failure)
    return {
        "state": outcome.state.value,
        "failure": null() if failure is None else failure,
        "reason": outcome.reason,
        "response": storable(outcome.response),
        "next_attempt_at": outcome.next_attempt_at,
        "pause": outcome.pause,
        "sent_at": outcome.at if outcome.state is State.SENT else None,
    }
