# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the messages that are left unread for another installation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import foreign_intents
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.replies.foreign import Left
from catalog_mail.domain.replies.mailbox import Place

_TABLE = foreign_intents.c


class DatabaseForeignIntents:
    """Implements ports.ForeignIntentStore. The table has few rows: those of one mailbox, at most as many as may be left."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def admit(self, place: Place, keys: Sequence[str], at: datetime, most: int) -> Mapping[str, datetime]:
        """Implement `ForeignIntentStore.admit`."""
        try:
            return write(self._engine, lambda connection: _admit(connection, place, keys, at, most))
        except IntegrityError:  # another process has just added the same rows
            return write(self._engine, lambda connection: _admit(connection, place, keys, at, most))

    def retain(self, place: Place, keys: Collection[str]) -> Collection[str]:
        """Implement `ForeignIntentStore.retain`. Messages of other mailboxes are forgotten too: one mailbox is read."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(foreign_intents)).all()
        kept = frozenset(keys)
        gone = [row for row in rows if (row.mailbox, row.validity) != (place.mailbox, place.validity) or row.message not in kept]
        if gone:
            write(self._engine, lambda connection: _forget(connection, gone))
        return [row.message for row in gone]

    def left(self, place: Place) -> Left:
        """Implement `ForeignIntentStore.left`."""
        query = select(func.count(), func.min(_TABLE.seen_at)).where(*_at(place))
        with reading(self._engine) as connection:
            count, since = connection.execute(query).one()
        return Left(count, since)


def _admit(connection: Connection, place: Place, keys: Sequence[str], at: datetime, most: int) -> dict[str, datetime]:
    query = select(_TABLE.message, _TABLE.seen_at).where(*_at(place))
    known = {row.message: row.seen_at for row in connection.execute(query)}
    new = [key for key in keys if key not in known][: max(0, most - len(known))]
    if new:
        rows = [{"mailbox": place.mailbox, "validity": place.validity, "message": key, "seen_at": at} for key in new]
        connection.execute(insert(foreign_intents), rows)
    return {key: known.get(key, at) for key in keys if key in known or key in new}


def _forget(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        place = Place(row.mailbox, row.validity)
        connection.execute(delete(foreign_intents).where(*_at(place), _TABLE.message == row.message))


def _at(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TABLE.mailbox == place.mailbox, _TABLE.validity == place.validity
