# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove old entries of the log of messages and old keys of replies: bounded portions, found by an index."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, Table, delete, select, union_all

from catalog_mail.adapters.database.tables import explanations, handled, one_of, replies, undecided
from catalog_mail.domain.replies.logged import UNFINISHED, LogOutcome

_DECIDED = one_of(handled.c.disposition, sorted(set(LogOutcome) - UNFINISHED))
_OF_PLACE = (
    handled.c.mailbox == undecided.c.mailbox,
    handled.c.validity == undecided.c.validity,
    handled.c.message == undecided.c.message,
)


def remove_entries(connection: Connection, before: datetime, limit: int) -> int:
    """Remove the oldest entries of each outcome, at most `limit` in all, and the failures of messages that were decided."""
    _remove_failures(connection, limit)
    of_outcomes = [
        select(handled.c.id, handled.c.handled_at)
        .where(handled.c.disposition == outcome.value, handled.c.handled_at < before)
        .order_by(handled.c.handled_at)
        .limit(limit)
        .subquery()
        for outcome in LogOutcome
    ]
    old = union_all(*(select(some.c.id, some.c.handled_at) for some in of_outcomes)).subquery()
    ids = connection.execute(select(old.c.id).order_by(old.c.handled_at).limit(limit)).scalars().all()
    return connection.execute(delete(handled).where(handled.c.id.in_(ids))).rowcount if ids else 0


def remove_keys(connection: Connection, before: datetime, limit: int) -> int:
    """Remove the oldest keys of replies and of explanations, at most `limit` of each."""
    return max(
        _remove_oldest(connection, replies, replies.c.posted_at, before, limit),
        _remove_oldest(connection, explanations, explanations.c.at, before, limit),
    )


def _remove_oldest(connection: Connection, table: Table, at: Column[datetime], before: datetime, limit: int) -> int:
    old = select(table.c.key).where(at < before).order_by(at).limit(limit)
    keys = connection.execute(old).scalars().all()
    return connection.execute(delete(table).where(table.c.key.in_(keys))).rowcount if keys else 0


def _remove_failures(connection: Connection, limit: int) -> None:
    """Remove numbers of failed decisions whose message is decided by now: a retry of it begins to count anew."""
    decided = select(handled.c.id).where(*_OF_PLACE, _DECIDED).exists()
    some = select(undecided).where(decided).limit(limit)
    for row in connection.execute(some).all():
        mine = (undecided.c.mailbox == row.mailbox, undecided.c.validity == row.validity, undecided.c.message == row.message)
        connection.execute(delete(undecided).where(*mine))
