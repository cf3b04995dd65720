# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the storage of a running service fail for a while: full or read-only disk, locked database, server away."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import Connection, create_engine

from helpers.service.postgres import PostgreSQL, create_database, server
from helpers.service.small_disk import SmallDisk, small_disk
from helpers.waiting import PATIENCE

Outage = Callable[[], AbstractContextManager[None]]


class Storage(Protocol):
    """A database whose disk and locks a test controls."""

    @property
    def url(self) -> str:
        """The database's URL in the service's configuration file."""

    def outages(self) -> dict[str, Outage]:
        """Return each outage by its name; within its context the storage fails."""


@contextmanager
def connection_to(storage: Storage) -> Iterator[Connection]:
    """Connect to the database of a storage."""
    engine = create_engine(storage.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def full(disk: SmallDisk) -> Iterator[None]:
    """Fill the disk to the last byte."""
    disk.fill()
    try:
        yield
    finally:
        disk.free()


class SqliteStorage:
    """A SQLite file, and the queue's file beside it, on a disk of their own."""

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk
        self._file = disk.folder / "catalog-mail.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self._file}"

    def outages(self) -> dict[str, Outage]:
        return {"full": lambda: full(self._disk), "locked": self._locked}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")


class UnwritableFiles:
    """SQLite files that nobody can write to for a while, also not through descriptors that are open (ext4's flag `i`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def url(self) -> str:
        return f"sqlite:///{self._folder / 'catalog-mail.db'}"

    def outages(self) -> dict[str, Outage]:
        return {"read-only": self._read_only}

    @contextmanager
    def _read_only(self) -> Iterator[None]:
        # Not the index of the log, which is mapped into memory: a change of it would end the process with SIGBUS.
        files = [str(path) for kind in ("*.db", "*.db-wal") for path in self._folder.glob(kind)]
        _run("chattr", "+i", *files, str(self._folder))
        try:
            yield
        finally:
            _run("chattr", "-i", *files, str(self._folder))


class PostgresStorage:
    """A database of a PostgreSQL server with a disk of its own."""

    def __init__(self, server: PostgreSQL, disk: SmallDisk, name: str) -> None:
        self._server = server
        self._disk = disk
        self.url = create_database(server.url, name)

    def outages(self) -> dict[str, Outage]:
        return {"full": self._full, "read-only": self._read_only, "locked": self._locked, "away": self._away}

    @contextmanager
    def _full(self) -> Iterator[None]:
        with full(self._disk):
            yield
        self._server.start()  # a server that cannot write its log may have ended

    @contextmanager
    def _read_only(self) -> Iterator[None]:
        self._alter("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            self._alter("RESET default_transaction_read_only")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with psycopg.connect(self.url) as connection:
            connection.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()

    @contextmanager
    def _away(self) -> Iterator[None]:
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()

    def _alter(self, change: str) -> None:
        with psycopg.connect(f"{self._server.url}/postgres", autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER SYSTEM {change}")  # type: ignore[call-overload]
            connection.execute("SELECT pg_reload_conf()")


@contextmanager
def postgres_on_small_disk() -> Iterator[tuple[PostgreSQL, SmallDisk]]:
    """Run a server whose data is on a disk of its own; yield both."""
    # Not below pytest's own folders, which only root may enter: the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="catalog-mail-disk-") as folder, small_disk(Path(folder), "250m") as disk:
        Path(folder).chmod(0o755)
        with server(disk.folder) as running:
            yield running, disk


@contextmanager
def storage_of(kind: str, folder: Path) -> Iterator[Storage]:
    """Yield a storage of this kind, `sqlite` or `postgresql`; `folder` is for the disk of SQLite."""
    if kind == "sqlite":
        with small_disk(folder / "disk", "64m") as disk:
            yield SqliteStorage(disk)
    else:
        with postgres_on_small_disk() as (running, disk):
            yield PostgresStorage(running, disk, "catalog")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
