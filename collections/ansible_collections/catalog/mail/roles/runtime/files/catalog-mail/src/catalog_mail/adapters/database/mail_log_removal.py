# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove old mail from the log: notifications whose mails have all ended, with their deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select

from catalog_mail.adapters.database.tables import OF_CONVERSATIONS, PLAIN, WITH_KEY, Instant, deliveries, notifications
from catalog_mail.domain.notifications.mail_log import Retention

# A count and no EXISTS, which PostgreSQL may turn into a join that reads all deliveries.
_NOT_OVER = (
    select(func.count())
    .select_from(deliveries)
    .where(
        deliveries.c.notification_id == notifications.c.id,
        deliveries.c.ended_at.is_(None) | (deliveries.c.ended_at >= bindparam("ended", type_=Instant)),
    )
    .scalar_subquery()
)


def remove_old(connection: Connection, retention: Retention, now: datetime, limit: int) -> int:
    """Remove at most `limit` notifications of each sort, with their deliveries; return the number of removed notifications.

    A notification with an open delivery stays. So does one with a delivery that ended after the time of the log, unless it is of
    a conversation: those go in time, since the keys that prevent a second post of an answer go a fixed time after the answer.
    """
    over = now - retention.log
    sorts: list[tuple[ColumnElement[bool], timedelta, datetime]] = [
        (PLAIN, retention.log, over),
        (WITH_KEY, max(retention.log, retention.keys), over),
        (OF_CONVERSATIONS, max(retention.log, retention.answers, retention.keys), now),
    ]
    return sum(_remove(connection, sort, now - age, ended, limit) for sort, age, ended in sorts)


def _remove(connection: Connection, sort: ColumnElement[bool], created: datetime, ended: datetime, limit: int) -> int:
    created_at = notifications.c.created_at
    query = select(notifications.c.id).where(sort, created_at < created, _NOT_OVER == 0).order_by(created_at).limit(limit)
    ids = list(connection.execute(query, {"ended": ended}).scalars())
    if ids:
        # A delivery that is tried again at this moment stays, and then its notification cannot be removed: all is undone.
        connection.execute(delete(deliveries).where(deliveries.c.notification_id.in_(ids), deliveries.c.ended_at < ended))
        connection.execute(delete(notifications).where(notifications.c.id.in_(ids)))
    return len(ids)
