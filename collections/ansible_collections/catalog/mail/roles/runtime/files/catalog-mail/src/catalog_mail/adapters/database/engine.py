# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect to SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_SECONDS = 15
# Parameters of libpq, in seconds and milliseconds: a PostgreSQL server or a network that is gone without a word is noticed after
# a minute at most, not after the quarter of an hour that Linux waits by itself.
LIVELINESS = {
    "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000,
}  # fmt: skip


def make_engine(url: str | URL) -> Engine:
    """Return an engine whose commits survive a kill.

    `url` is SQLAlchemy's: `sqlite:////var/lib/x.db` or `postgresql+psycopg://user:password@host/name`, whose query may set
    parameters of libpq.
    """
    # Errors reach the log without the parameters of a statement, which hold messages and secrets.
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=40, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediately)
        return engine
    return create_engine(
        url, connect_args=liveliness(url), pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True
    )


def liveliness(url: str | URL) -> dict[str, int]:
    """Return the parameters with which PostgreSQL's connections notice a server that is gone, except those that the URL sets."""
    given = make_url(url).query
    return {name: value for name, value in LIVELINESS.items() if name not in given}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    # A SQLite transaction that reads first and writes later fails when another has written in between. Taking the lock at once
    # waits instead. Transactions that only read need no lock.
    reads = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a read-only connection; on SQLite it waits for no writer. To write, use `engine.begin()`."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection
