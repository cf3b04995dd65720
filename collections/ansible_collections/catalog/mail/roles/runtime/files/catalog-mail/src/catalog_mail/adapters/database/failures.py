# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate the errors of SQLite and PostgreSQL into StorageFailed, in one place for every use of an engine."""

from __future__ import annotations

import logging
import math
import os
import pwd
import time
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from catalog_mail.adapters.database import postgresql_failures, sqlite_failures
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.failures.storage import StorageFault, storage_failed

MAX_SAID = 300
# SQLAlchemy logs lost connections of a pool under the name of its class, at INFO; StorageFailed tells them.
logging.getLogger(f"{__name__}.WaitingPool").setLevel(logging.ERROR)

_failed_at: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()


@dataclass(frozen=True)
class DatabasePlace:
    """The database of an engine: the path of the file, or the address of the server."""

    path: Path | None
    server: str

    @classmethod
    def of(cls, url: URL) -> DatabasePlace:
        """Return the place that a URL names; its password is not kept."""
        if url.get_backend_name() == "sqlite":
            return cls(Path(url.database) if url.database else None, "")
        host = url.host or str(url.query.get("host", "the local socket"))
        return cls(None, f"{host} port {url.port or 5432}")

    @property
    def name(self) -> str:
        """The place in the words of a sentence."""
        if self.server:
            return f"the database server at {self.server}"
        return f"the database file {self.path}" if self.path else "the database"

    def failed(self, fault: StorageFault, said: str) -> StorageFailed:
        """Return the error of this kind at this place."""
        folder = str(self.path.parent) if self.path else ""
        return storage_failed(fault, self.name, said=said, folder=folder, user=_user())

    def judge(self, error: BaseException, *, disconnected: bool = False) -> StorageFailed | None:
        """Return the failure that a driver's error means; None when the error is no failure of storage."""
        if self.server:
            fault = postgresql_failures.classify(error, disconnected=disconnected)
        else:
            fault = sqlite_failures.classify(error, self.path)
        return None if fault is None else self.failed(fault, one_line(error))


class WaitingPool(QueuePool):
    """A pool of connections that tells its exhaustion as StorageFailed."""

    place: DatabasePlace | None = None

    def connect(self) -> PoolProxiedConnection:
        """Return a connection. Raises StorageFailed when none becomes free in time."""
        try:
            return super().connect()
        except PoolTimeout as error:
            place = self.place or DatabasePlace(None, "")
            raise place.failed(StorageFault.BUSY, f"none became free within {self.timeout():g} seconds") from error

    def recreate(self) -> WaitingPool:
        """Return an empty pool of this kind."""
        made = super().recreate()
        assert isinstance(made, WaitingPool)  # noqa: S101  # SQLAlchemy makes it of the same class
        made.place = self.place
        return made


def translate(engine: Engine) -> None:
    """Let every failure of storage leave this engine as StorageFailed; other errors of the driver stay as they are."""
    place = DatabasePlace.of(engine.url)
    if isinstance(engine.pool, WaitingPool):
        engine.pool.place = place

    def handle(context: ExceptionContext) -> BaseException | None:
        # A ping tests a pooled connection, which is replaced when the ping fails.
        if context.is_pre_ping:
            return None
        failure = place.judge(context.original_exception, disconnected=context.is_disconnect)
        if failure is not None:
            note_failure(engine)
        return failure

    event.listen(engine, "handle_error", handle, retval=True)


def note_failure(engine: Engine) -> None:
    """Note that storage failed just now."""
    _failed_at[engine] = time.monotonic()


def last_failure(engine: Engine) -> float:
    """Return when storage failed last on this engine, by `time.monotonic`; -inf if it never did."""
    return _failed_at.get(engine, -math.inf)


def one_line(error: BaseException) -> str:
    """Return the database's own words: one line of bounded length."""
    words = " ".join(str(error).split()).rstrip(".")
    return words[:MAX_SAID] or type(error).__name__


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
