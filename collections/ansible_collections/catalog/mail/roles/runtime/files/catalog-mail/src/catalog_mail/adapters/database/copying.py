# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy all data into an empty database, from SQLite to PostgreSQL or the other way; the source is only read.

A first transaction marks the target as being copied into, a second one creates the tables, copies the rows, and removes the
mark. So a target whose copy did not end is refused by the service, and a complete one has every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import JSON, Connection, Engine, Insert, Table, bindparam, func, insert, inspect, select, text

from catalog_mail.adapters.database.delivery_counts import numbers
from catalog_mail.adapters.database.migrate import upgrade
from catalog_mail.adapters.database.revision import BEING_COPIED, VERSION
from catalog_mail.adapters.database.tables import delivery_counts, metadata
from catalog_mail.domain.errors import Conflict

_ROWS = 500
# Triggers keep it in the target.
_COPIED = [table for table in metadata.sorted_tables if table is not delivery_counts]


def copy(source: Connection, target: Engine) -> Mapping[str, int]:
    """Copy all rows; return their number by table. Raises Conflict when the target holds anything.

    The caller keeps others from changing the source.
    """
    _begin(target)
    with target.begin() as connection:
        connection.execute(VERSION.delete())
        upgrade(connection)
        copied = {table.name: _copy(table, source, connection) for table in _COPIED}
        _check(source, connection)
        return copied


def _begin(target: Engine) -> None:
    """Mark an empty database; a mark of an earlier copy that did not end stays."""
    with target.begin() as connection:
        found = set(inspect(connection).get_table_names())
        if found - {VERSION.name} or (found and connection.execute(select(VERSION)).scalars().all() != [BEING_COPIED]):
            raise Conflict(
                f"The target holds {len(found)} tables already.",
                "Name an empty database; a copy never changes or completes existing data.",
            )
        if not found:
            VERSION.create(connection)
            connection.execute(VERSION.insert().values(version_num=BEING_COPIED))


def _copy(table: Table, source: Connection, target: Connection) -> int:
    connection = source.execution_options(stream_results=True, yield_per=_ROWS)
    statement = _insertion(table)
    number = 0
    for rows in connection.execute(select(table)).mappings().partitions(_ROWS):
        target.execute(statement, [dict(row) for row in rows])
        number += len(rows)
    if target.dialect.name == "postgresql":
        _continue_numbers(table, target)
    return number


def _insertion(table: Table) -> Insert:
    """Return the INSERT of all columns; NULL stays NULL also in a column of JSON."""
    nullable = {name: bindparam(name, type_=JSON(none_as_null=True)) for name in _json_columns(table)}
    return insert(table).values({column.name: nullable.get(column.name, bindparam(column.name)) for column in table.columns})


def _json_columns(table: Table) -> Iterator[str]:
    return (column.name for column in table.columns if isinstance(column.type, JSON))


def _continue_numbers(table: Table, target: Connection) -> None:
    """Let PostgreSQL assign numbers after the copied ones."""
    for column in table.primary_key:
        sequence = target.execute(
            text("SELECT pg_get_serial_sequence(:name, :column)"), {"name": table.name, "column": column.name}
        ).scalar()
        if sequence and (last := target.execute(select(func.max(column))).scalar()) is not None:
            target.execute(text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last})


def _check(source: Connection, target: Connection) -> None:
    """Raise Conflict unless both databases have the same numbers of rows and of deliveries by state."""
    for table in _COPIED:
        query = select(func.count()).select_from(table)
        before, after = source.execute(query).scalar_one(), target.execute(query).scalar_one()
        if before != after:
            raise _different(table.name, before, after)
    if numbers(source) != numbers(target):
        raise _different("delivery_counts", sum(numbers(source).values()), sum(numbers(target).values()))


def _different(name: str, before: int, after: int) -> Conflict:
    return Conflict(
        f"The table {name} has {before} rows, and {after} in the target.",
        "Stop everything that uses one of the databases, and copy again; nothing was stored in the target.",
    )
