"""Queries that several tables share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, Table, insert, select
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading

# Values in one IN list; SQLite takes 32,766 parameters, and long lists are slow to prepare.
_CHUNK = 500


def ensure_row(engine: Engine, table: Table, row: Mapping[str, Any]) -> None:
    """Add a row unless its key is there already."""
    try:
        with engine.begin() as connection:
            connection.execute(insert(table).values(dict(row)))
    except IntegrityError:
        keys = [column == row[column.name] for column in table.primary_key]
        with reading(engine) as connection:
            if connection.execute(select(table).where(*keys)).first() is None:
                raise


def chunks(values: Iterable[str]) -> Iterable[list[str]]:
    """Each value once, so many at a time."""
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK))
