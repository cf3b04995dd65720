# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store events, for programs that wait for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, func, insert, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import lock_table
from catalog_mail.adapters.database.tables import events
from catalog_mail.domain.events import Event, EventKind

# The number of events that are kept.
KEPT = 1000


class DatabaseEvents:
    """Implements ports.EventStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def events(self, after: int, *, limit: int) -> Sequence[Event]:
        """Implement `EventStore.events`."""
        query = select(events).where(events.c.id > after).order_by(events.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [Event(EventKind(row.kind), row.at, row.data, row.id) for row in connection.execute(query)]

    def last(self) -> int:
        """Implement `EventStore.last`."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(events.c.id))).scalar() or 0


def add_events(connection: Connection, happened: Sequence[Event], kept: int = KEPT) -> None:
    """Add events as the last step of the transaction of what has happened; the oldest events are removed."""
    if not happened:
        return
    # Else a later id could be committed before an earlier one, and a reader would pass over the earlier one.
    lock_table(connection, events)
    rows = [{"kind": event.kind.value, "at": event.at, "data": dict(event.data)} for event in happened]
    for row in rows:
        connection.execute(insert(events).values(row))
    last = connection.execute(select(func.max(events.c.id))).scalar_one()
    connection.execute(delete(events).where(events.c.id <= last - kept))
