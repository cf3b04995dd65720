# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a list page by page, along an index of a time and an id, whatever the list's length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_

from catalog_mail.adapters.database.tables import Instant
from catalog_mail.ports.pages import Page, PageRequest, Position

T = TypeVar("T")


def of_page(query: Select[Any], at: ColumnElement[Any], key: ColumnElement[Any], wanted: PageRequest) -> Select[Any]:
    """Return the query for a page: newest first, with one row more than the page has, which shows that there are more."""
    if wanted.since is not None:
        query = query.where(at >= wanted.since)
    after, until = wanted.after, wanted.until
    # Only one upper bound: SQLite would look up one and compare each row with the other.
    if after is not None and (until is None or after.at < until):
        query = query.where(tuple_(at, key) < tuple_(literal(after.at, Instant), literal(after.id)))
    elif until is not None:
        query = query.where(at < until)
    return query.order_by(at.desc(), key.desc()).limit(wanted.limit + 1)


def to_page(
    rows: Sequence[Row[Any]], wanted: PageRequest, convert: Callable[[Row[Any]], T], position: Callable[[Row[Any]], Position]
) -> Page[T]:
    """Return the page of the rows that the query of `of_page` found."""
    shown = rows[: wanted.limit]
    following = position(shown[-1]) if len(rows) > wanted.limit else None
    return Page([convert(row) for row in shown], following)
