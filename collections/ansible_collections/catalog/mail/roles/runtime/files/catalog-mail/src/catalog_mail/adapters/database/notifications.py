# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store notifications in the database, and look them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, Select, func, insert, select, union_all
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.delivery_counts import numbers
from catalog_mail.adapters.database.delivery_rows import delivery_row, notification_row, to_delivery, to_notification
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import deliveries, notifications
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.errors import Conflict, NotFound, StorageFailed
from catalog_mail.domain.notifications.notification import FINAL, Delivery, Notification, State
from catalog_mail.ports.catalog import Notice

# Built once: building a statement and finding its compiled form takes longer than the database.
_INSERT_NOTIFICATION = insert(notifications)
_INSERT_DELIVERY = insert(deliveries)


class DatabaseNotifications:
    """Implements ports.NotificationStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, notices: Sequence[Notice]) -> list[tuple[Notification, bool] | Exception]:
        """Store all with as few statements as one; when that fails, each in a savepoint of its own."""
        try:
            write(self._engine, lambda connection: insert_notices(connection, notices))
        except StorageFailed:
            raise
        except Exception as error:
            alone = len(notices) == 1
            errors = [error] if alone else write(self._engine, lambda connection: _insert_each(connection, notices))
            return [self._stored(notice.notification, error) for notice, error in zip(notices, errors, strict=True)]
        return [(notice.notification, True) for notice in notices]

    def notification(self, notification_id: str) -> Notification:
        """Return the notification with this id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(notifications).where(notifications.c.id == notification_id)).first()
        if row is None:
            raise NotFound(f"There is no notification {notification_id!r}.", "Use the id that POST /notifications returned.")
        return to_notification(row)

    def deliveries(self, notification_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a notification, in the order of acceptance."""
        query = select(deliveries).where(deliveries.c.notification_id == notification_id).order_by(deliveries.c.number)
        with reading(self._engine) as connection:
            return [to_delivery(row) for row in connection.execute(query)]

    def delivery(self, delivery_id: str) -> Delivery:
        """Return the delivery with this id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).first()
        if row is None:
            raise NotFound(f"There is no delivery {delivery_id!r}.", "Use an id that GET /notifications/{id} shows.")
        return to_delivery(row)

    def counts(self) -> Mapping[State, int]:
        """Return the number of deliveries by state; states without deliveries are left out."""
        with reading(self._engine) as connection:
            return numbers(connection)

    def oldest_open(self) -> datetime | None:
        """Implement `NotificationStore.oldest_open`."""
        first = [_first_accepted(state) for state in State if state not in FINAL]
        with reading(self._engine) as connection:
            return connection.execute(select(func.min(union_all(*first).subquery().c.at))).scalar()

    def _stored(self, notification: Notification, error: Exception | None) -> tuple[Notification, bool] | Exception:
        """Return the result for a notification that was stored, or was refused with this error."""
        if error is None:
            return notification, True
        try:
            earlier = self._with_key(notification.idempotency_key) if isinstance(error, IntegrityError) else None
        except StorageFailed as failed:
            return failed
        if earlier is None:
            return error
        if earlier.fingerprint == notification.fingerprint:
            return earlier, False
        return Conflict(
            "Another notification was accepted with this idempotency key before.",
            "Use a new key for a new notification, or repeat the same content.",
            field="idempotency_key",
        )

    def _with_key(self, key: str | None) -> Notification | None:
        if key is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(select(notifications).where(notifications.c.idempotency_key == key)).first()
        return None if row is None else to_notification(row)


def _first_accepted(state: State) -> Select[datetime]:
    """Return the query for the time at which the oldest delivery in a state was accepted: one row of an index."""
    return select(func.min(deliveries.c.accepted_at).label("at")).where(deliveries.c.state == state.value)


def insert_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Store notifications and their deliveries as part of a transaction."""
    if not notices:
        return
    connection.execute(_INSERT_NOTIFICATION, [notification_row(notice.notification) for notice in notices])
    rows = [
        {**delivery_row(delivery, notice.notification), "number": number}
        for notice in notices
        for number, delivery in enumerate(notice.deliveries)
    ]
    if rows:
        connection.execute(_INSERT_DELIVERY, rows)


def insert_notification(connection: Connection, notification: Notification, wanted: Sequence[Delivery]) -> None:
    """Store a notification and its deliveries as part of a transaction."""
    insert_notices(connection, [Notice(notification, wanted)])


def _insert_each(connection: Connection, notices: Sequence[Notice]) -> list[Exception | None]:
    """Store each notice in a savepoint; return the error of each that was not stored. Raises StorageFailed for all."""
    return [_insert_alone(connection, notice) for notice in notices]


def _insert_alone(connection: Connection, notice: Notice) -> Exception | None:
    try:
        with connection.begin_nested():
            insert_notices(connection, [notice])
    except StorageFailed:
        raise
    except Exception as error:
        return error
    return None
