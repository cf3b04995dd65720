# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whether the database stores what a request would store, and look for deliveries in trouble."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from catalog_mail.adapters.database.bounces import bouncing_recipients
from catalog_mail.adapters.database.delivery_counts import numbers
from catalog_mail.adapters.database.delivery_rows import to_failure
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.failures import last_failure
from catalog_mail.adapters.database.notifications import insert_notification
from catalog_mail.adapters.database.sqlite_file import check_file
from catalog_mail.adapters.database.tables import deliveries
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.health import FailedAttempt, OpenDeliveries
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State

# Seconds for which a success counts.
_PROVED = 2.0
# Rows that a question reads at most; the indexes of `deliveries` begin with the state.
_FAILED_READ = 20
_SENT_READ = 20

_state = deliveries.c.state


# Built once: each health check asks all of these.
_when = deliveries.c.next_attempt_at
_FAILED_WAITING = (
    select(deliveries.c.failure, _when, deliveries.c.pause)
    .where(_state == State.RETRYING.value, _when.is_not(None))
    .order_by(_when)
    .limit(_FAILED_READ)
)
_FAILED_IN_WORK = [
    select(deliveries.c.failure).where(_state == state.value).order_by(deliveries.c.accepted_at).limit(_FAILED_READ)
    for state in (State.QUEUED, State.SENDING)
]
# The last time a message was sent, among those accepted last.
_newest = (
    select(deliveries.c.sent_at)
    .where(_state == State.SENT.value)
    .order_by(deliveries.c.accepted_at.desc())
    .limit(_SENT_READ)
    .subquery()
)
_LAST_SENT = select(func.max(_newest.c.sent_at))
_DUE = {
    state: select(at.label("at"), deliveries.c.pause).where(_state == state.value, at.is_not(None)).order_by(at).limit(1)
    for state, at in ((State.ACCEPTED, deliveries.c.accepted_at), (State.RETRYING, _when))
}


class DatabaseProbe:
    """Implements ports.StorageProbe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._proved_at = -_PROVED

    def try_to_store(self, at: datetime) -> None:
        """Store a notification in a savepoint, roll the savepoint back, and commit.

        SQLite writes the pages that were changed and changed back to its log, as for a notification that stays. PostgreSQL
        writes and flushes the commit. So a full or read-only disk shows as it does for a request.
        """
        check_file(self._engine)
        now = time.monotonic()
        if now - self._proved_at < _PROVED and last_failure(self._engine) < self._proved_at:
            return
        write(self._engine, lambda connection: _store_and_undo(connection, at))
        self._proved_at = now

    def open_deliveries(self) -> OpenDeliveries:
        """Implement `StorageProbe.open_deliveries`."""
        with reading(self._engine) as connection:
            return OpenDeliveries(
                failed=[*_failed_waiting(connection), *_failed_in_work(connection)],
                retrying=numbers(connection).get(State.RETRYING, 0),
                last_sent=connection.execute(_LAST_SENT).scalar(),
                due=_due(connection),
            )

    def bouncing(self, since: datetime) -> Sequence[str]:
        """Implement `StorageProbe.bouncing`."""
        with reading(self._engine) as connection:
            return bouncing_recipients(connection, since)


def _store_and_undo(connection: Connection, at: datetime) -> None:
    notification = Notification(new_id(), Kind.MESSAGE, at, "health check", idempotency_key=new_id())
    delivery = Delivery(new_id(), notification.id, Recipient("health@check.invalid"), State.SUPPRESSED)
    savepoint = connection.begin_nested()
    insert_notification(connection, notification, [delivery])
    savepoint.rollback()


def _failed_waiting(connection: Connection) -> list[FailedAttempt]:
    found = []
    for row in connection.execute(_FAILED_WAITING):
        failure = to_failure(row.failure)
        if failure is not None:
            found.append(FailedAttempt(failure, row.next_attempt_at - timedelta(seconds=row.pause)))
    return found


def _failed_in_work(connection: Connection) -> list[FailedAttempt]:
    failures = [to_failure(value) for query in _FAILED_IN_WORK for value in connection.execute(query).scalars()]
    return [FailedAttempt(failure, None) for failure in failures if failure is not None]


def _due(connection: Connection) -> datetime | None:
    """Return since when the delivery that has waited longest is due; one whose next attempt is ahead is due then.

    Deliveries that were made due by a save of the settings (without a pause) are left out: their time is not that of the save.
    """
    moments = []
    for state, query in _DUE.items():
        row = connection.execute(query).first()
        if row is not None and (row.pause or state is State.ACCEPTED):
            moments.append(row.at)
    return min(moments, default=None)
