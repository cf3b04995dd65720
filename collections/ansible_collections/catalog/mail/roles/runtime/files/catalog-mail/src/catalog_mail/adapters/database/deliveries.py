# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the attempts to send the deliveries of a batch in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Engine, Update, bindparam, case, func, literal, literal_column, null, select, update

from catalog_mail.adapters.database.delivery_rows import failure_value, shortened, storable, to_delivery, to_notification
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.mail_log_removal import remove_old
from catalog_mail.adapters.database.tables import HELD, Instant, deliveries, notifications
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.notifications.mail_log import Retention
from catalog_mail.domain.notifications.notification import FINAL, Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.ports.notifications import Finished

_state = deliveries.c.state
# As literals: values in a list are put into the statement's text again at each execution.
_NOT_FINAL = _state.not_in([literal_column(f"'{state}'") for state in sorted(FINAL)])


# The statements of every message are built once: building one and finding its compiled form takes longer than the database.
_OF_BATCH = select(deliveries).where(deliveries.c.batch == bindparam("of"), HELD)
_OF_BATCH = _OF_BATCH.order_by(deliveries.c.accepted_at, deliveries.c.number)
_NOTIFICATIONS = select(notifications).where(notifications.c.id.in_(bindparam("ids", expanding=True)))
_BEGIN = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("delivery"),
        deliveries.c.batch == bindparam("of"),
        HELD,
        deliveries.c.attempts == bindparam("earlier"),
    )
    .values(
        state=State.SENDING.value,
        attempts=bindparam("attempt"),
        # The message that was rendered first is kept, so that a retry sends the same bytes.
        message=func.coalesce(deliveries.c.message, bindparam("rendered", type_=deliveries.c.message.type)),
        message_id=func.coalesce(deliveries.c.message_id, bindparam("rendered_id", type_=deliveries.c.message_id.type)),
        subject=func.coalesce(bindparam("topic", type_=deliveries.c.subject.type), deliveries.c.subject),
    )
)
_OUTCOME = {
    "state": bindparam("new_state"),
    "failure": bindparam("why", type_=JSON(none_as_null=True)),
    "reason": bindparam("because"),
    "cause": bindparam("code"),
    "response": bindparam("said"),
    "next_attempt_at": bindparam("next_at"),
    "pause": bindparam("until_next"),
    "sent_at": null(),
    "ended_at": bindparam("ended"),
}
_OF_ATTEMPT = update(deliveries).where(deliveries.c.id == bindparam("delivery"), _NOT_FINAL)
_OF_ATTEMPT = _OF_ATTEMPT.values(attempts=bindparam("attempt"), waited=bindparam("pauses"))
# An earlier attempt must not overwrite a later one, unless a server has accepted its message.
_FINISH = _OF_ATTEMPT.values(**_OUTCOME).where(deliveries.c.attempts <= bindparam("attempt"))
_SENT = _OF_ATTEMPT.values(
    state=literal_column(f"'{State.SENT}'"),
    failure=null(),
    reason=null(),
    cause=null(),
    response=bindparam("said"),
    next_attempt_at=null(),
    pause=literal_column("0"),
    sent_at=bindparam("accepted"),
    ended_at=bindparam("accepted"),
)
_POSTPONE = (
    update(deliveries)
    .where(deliveries.c.batch == bindparam("of"), HELD)
    .values(**_OUTCOME, waited=deliveries.c.waited + deliveries.c.pause)
)

Change = tuple[Update, Mapping[str, Any]]
"""A statement and its values."""


class DatabaseDeliveries:
    """Implements ports.DeliveryStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """Implement `DeliveryStore.held`."""
        with reading(self._engine) as connection:
            held = [to_delivery(row) for row in connection.execute(_OF_BATCH, {"of": batch})]
            rows = connection.execute(_NOTIFICATIONS, {"ids": {delivery.notification_id for delivery in held}})
            known = {row.id: to_notification(row) for row in rows}
        return [(delivery, known[delivery.notification_id]) for delivery in held]

    def begin(self, batch: str, delivery: Delivery, finished: Finished | None = None) -> bool:
        """Implement `DeliveryStore.begin`."""
        values = {
            "delivery": delivery.id,
            "of": batch,
            "earlier": delivery.attempts - 1,
            "attempt": delivery.attempts,
            "rendered": delivery.message,
            "rendered_id": delivery.message_id,
            "topic": shortened(delivery.subject),
        }
        begin = (_BEGIN, values)
        if finished is None:
            return self._change(begin) > 0
        if self._engine.dialect.name == "sqlite":
            return self._change(_finish(*finished), begin) > 0
        # PostgreSQL combines commits by itself, and a transaction that changes two rows could end in a deadlock with one that
        # renews the leases of many.
        self._change(_finish(*finished))
        return self._change(begin) > 0

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Implement `DeliveryStore.finish`."""
        self._change(_finish(delivery, outcome))

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """Give all open deliveries of a batch this outcome."""
        self._change((_POSTPONE, _values(outcome) | {"of": batch}))

    def retry_now(self, at: datetime) -> int:
        """Implement `DeliveryStore.retry_now`."""
        accepted_at = deliveries.c.accepted_at
        # The time of acceptance keeps the order, and is over by every node's clock.
        over = case((accepted_at < at, accepted_at), else_=literal(at, Instant))
        change = update(deliveries).where(_state == State.RETRYING.value)
        return self._change((change.values(next_attempt_at=over, pause=0.0), {}))

    def forget_messages(self, *, ended_before: datetime, limit: int) -> int:
        """Implement `DeliveryStore.forget_messages`."""
        ended_at = deliveries.c.ended_at
        old = select(deliveries.c.id).where(deliveries.c.message.is_not(None), ended_at < ended_before)
        old = old.order_by(ended_at).limit(limit)
        return self._change((update(deliveries).where(deliveries.c.id.in_(old)).values(message=None), {}))

    def remove_old(self, retention: Retention, now: datetime, *, limit: int) -> int:
        """Implement `DeliveryStore.remove_old`."""
        return write(self._engine, lambda connection: remove_old(connection, retention, now, limit))

    def _change(self, *changes: Change) -> int:
        """Make changes in one transaction; return the number of rows that the last one has changed."""
        return write(self._engine, lambda connection: [connection.execute(*change).rowcount for change in changes][-1])


def _finish(delivery: Delivery, outcome: Outcome) -> Change:
    """Return the statement that records an outcome, and its values."""
    values = {"delivery": delivery.id, "attempt": delivery.attempts, "pauses": delivery.waited}
    if outcome.state is State.SENT:
        return _SENT, {**values, "said": storable(outcome.response), "accepted": outcome.at}
    return _FINISH, _values(outcome) | values


def _values(outcome: Outcome) -> dict[str, Any]:
    """Return the values of _OUTCOME; a message that is not sent has no time of sending."""
    return {
        "new_state": outcome.state.value,
        "why": failure_value(outcome.failure),
        "because": outcome.reason,
        "code": outcome.cause,
        "ended": outcome.at if outcome.state in FINAL else None,
        "said": storable(outcome.response),
        "next_at": outcome.next_attempt_at,
        "until_next": outcome.pause,
    }
