# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries that several stores share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select, text
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading

# Values in one IN list; SQLite takes 32,766 parameters, and long lists are slow to prepare.
_CHUNK = 500


def ensure_row(engine: Engine, table: Table, row: Mapping[str, Any]) -> None:
    """Add a row unless a row with its key exists."""
    try:
        with engine.begin() as connection:
            connection.execute(insert(table).values(dict(row)))
    except IntegrityError:
        keys = [column == row[column.name] for column in table.primary_key]
        with reading(engine) as connection:
            if connection.execute(select(table).where(*keys)).first() is None:
                raise


def lock_table(connection: Connection, table: Table) -> None:
    """Keep others from changing a table until the end of this transaction; SQLite does so for all tables anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


def chunks(values: Iterable[str]) -> Iterable[list[str]]:
    """Yield each value once, in lists of bounded length."""
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK))
