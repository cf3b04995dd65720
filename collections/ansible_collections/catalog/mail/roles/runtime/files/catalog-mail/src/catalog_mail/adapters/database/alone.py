# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use a database alone: refuse while others use it, and keep them out until the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, Row, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.migrate import LOCK
from catalog_mail.adapters.database.tables import metadata
from catalog_mail.domain.errors import Conflict, StorageFailed

_STOP = (
    "Stop catalog-mail.service, catalog-mail-reply-sync.service and catalog-mail-archive.timer on every host that uses this "
    "database, close other programs that have it open, and try again."
)
# Seconds in which others may close the database.
_WAIT = 3.0
_OTHERS = text(
    "SELECT pid, usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' ORDER BY pid"
)


@contextmanager
def alone(url: URL) -> Iterator[Connection]:
    """Open a connection for reading while nobody else uses the database. Raises Conflict when somebody does.

    Whoever opens it meanwhile waits, and fails after their timeout; a service that starts meanwhile waits.
    """
    if url.get_backend_name() == "sqlite":
        with _sqlite(url) as connection:
            yield connection
        return
    engine = make_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            _keep_others_out(connection)
            yield connection
    finally:
        engine.dispose()


def _keep_others_out(connection: Connection) -> None:
    # First, since the transaction sees what was committed before its first query, and nothing later.
    names = ", ".join(table.name for table in metadata.sorted_tables)
    try:
        connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE NOWAIT"))
    except StorageFailed as error:
        raise Conflict("Another process changes this database.", _STOP) from error
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}).scalar():
        raise Conflict("Another process migrates or copies this database.", _STOP)
    others = _other_connections(connection)
    if others:
        named = ", ".join(f"process {row.pid} of {row.usename}" for row in others[:5])
        raise Conflict(f"The database has {len(others)} other connections ({named}).", _STOP)


def _other_connections(connection: Connection) -> Sequence[Row[Any]]:
    """Return the others that are still there after a moment: a closed connection is listed until its process has ended."""
    end = time.monotonic() + _WAIT
    while (others := connection.execute(_OTHERS).all()) and time.monotonic() < end:
        time.sleep(0.05)
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    return others


@contextmanager
def _sqlite(url: URL) -> Iterator[Connection]:
    engine = _exclusive(url)
    try:
        with engine.connect() as connection:
            try:
                transaction = connection.begin()
            except OperationalError as error:
                raise Conflict(f"Another process has the file {url.database} open.", _STOP) from error
            with transaction:
                yield connection
    finally:
        engine.dispose()


def _exclusive(url: URL) -> Engine:
    """Return an engine with one connection, which is the only one to the file: SQLite refuses it while there is another."""
    engine = create_engine(url, connect_args={"timeout": _WAIT}, poolclass=StaticPool, hide_parameters=True)

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        # Before the first access to the file: SQLite then needs the lock that every open connection holds a part of.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
