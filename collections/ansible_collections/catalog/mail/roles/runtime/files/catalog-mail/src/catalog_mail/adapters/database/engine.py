# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect to SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from catalog_mail.adapters.database.failures import WaitingPool, translate
from catalog_mail.adapters.database.sqlite_file import check_file
from catalog_mail.adapters.sqlite_connections import replace_lost_connections

# Seconds that a change waits for a lock of another program (SQLite), and for a free connection.
BUSY_SECONDS = 15
# Parameters of libpq, in seconds and milliseconds: a PostgreSQL server or a network that is gone without a word is noticed after
# a minute at most, not after the quarter of an hour that Linux waits by itself.
LIVELINESS = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def make_engine(url: str | URL) -> Engine:
    """Return an engine whose commits survive a kill, and whose failures are StorageFailed.

    `url` is SQLAlchemy's: `sqlite:////var/lib/x.db` or `postgresql+psycopg://user:password@host/name`, whose query may set
    parameters of libpq.
    """
    address = make_url(url)
    engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
    translate(engine)
    return engine


def _sqlite(url: URL) -> Engine:
    # Errors reach the log without the parameters of a statement, which hold messages and secrets.
    engine = create_engine(
        url,
        connect_args=_not_in({"timeout": BUSY_SECONDS}, url),
        poolclass=WaitingPool,
        pool_size=10,
        max_overflow=40,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    replace_lost_connections(engine)
    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        connect_args=liveliness(url),
        poolclass=WaitingPool,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
    )


def liveliness(url: URL) -> dict[str, int]:
    """Return the parameters with which PostgreSQL's connections notice a server that is gone, except those that the URL sets."""
    return _not_in(LIVELINESS, url)


def _not_in(parameters: Mapping[str, int], url: URL) -> dict[str, int]:
    return {name: value for name, value in parameters.items() if name not in url.query}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    # A SQLite transaction that reads first and writes later fails when another has written in between. Taking the lock at once
    # waits instead. Transactions that only read need no lock.
    reads = connection.get_execution_options().get("reading", False)
    check_file(connection.engine)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a read-only connection; on SQLite it waits for no writer. To write, use `engine.begin()`."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection
