# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move to another database: copy the data, and find out what would be left behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

from catalog_mail.adapters.database import created
from catalog_mail.adapters.database.alone import alone
from catalog_mail.adapters.database.copying import copy
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.failures import DatabasePlace
from catalog_mail.adapters.database.left_behind import LeftBehind, left_behind
from catalog_mail.domain.errors import Conflict


def copy_database(source: URL, target: URL) -> Mapping[str, int]:
    """Copy all data into an empty database; return the numbers of rows by table. Raises Conflict, StorageFailed."""
    if _is_same(source, target):
        raise Conflict("The target is the database in the configuration.", "Name another database.")
    place = DatabasePlace.of(target)
    with alone(source) as connection:
        engine = make_engine(target)
        try:
            created.check_not_emptied(place)
            copied = copy(connection, engine)
        finally:
            engine.dispose()
    created.mark_created(place)
    return copied


def check_nothing_is_left(source: URL, target: URL) -> None:
    """Raise Conflict when messages or replies wait that the target does not know. Creates no file and changes nothing."""
    if _is_same(source, target) or not _exists(source):
        return
    engines = [make_engine(source), *([make_engine(target)] if _exists(target) else [])]
    try:
        left = left_behind(engines[0], engines[1] if len(engines) > 1 else None)
    finally:
        for engine in engines:
            engine.dispose()
    if left != LeftBehind():
        raise Conflict(
            f"{left.deliveries} messages that are not sent yet, and {left.replies} replies that are not posted yet, need the "
            "database in use; another one does not know them.",
            "Copy the data: stop the services, then run 'catalog-mail database copy --to URL'. Or wait until the messages are "
            "sent and the replies posted.",
        )


def _is_same(first: URL, second: URL) -> bool:
    return _identity(first) == _identity(second)


def _identity(url: URL) -> tuple[object, ...]:
    if url.get_backend_name() == "sqlite":
        return ("sqlite", Path(url.database or "").resolve())
    return ("postgresql", url.host, url.port or 5432, url.database, *sorted(url.query.items()))


def _exists(url: URL) -> bool:
    """Return whether there may be a database: SQLite would create a missing file."""
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
