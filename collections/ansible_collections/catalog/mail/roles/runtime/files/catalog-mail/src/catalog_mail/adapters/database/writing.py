# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Combine transactions of several threads into one commit, since each commit waits for the disk.

SQLite commits one transaction after the other, each in 1 to 5 ms, whether it holds one change or twenty. So changes that
threads make at the same time become one transaction. PostgreSQL combines commits by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

T = TypeVar("T")


def write(engine: Engine, change: Callable[[Connection], T]) -> T:
    """Make a change; return its result once it is on disk. A change that raises is undone alone.

    `change` may be called twice, the first time in a transaction that was undone.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            return change(connection)
    with _making:
        shared = _shared.setdefault(engine, _SharedCommit(engine))
    result: T = shared.write(change)
    return result


class _Change:
    """A change that waits for its commit."""

    def __init__(self, make: Callable[[Connection], Any]) -> None:
        self.make = make
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def apply(self, connection: Connection) -> None:
        """Apply the change in a savepoint of its own: an error undoes this change only."""
        try:
            with connection.begin_nested():
                self.result = self.make(connection)
        except Exception as error:
            self.error = error


class _OneRaised(Exception):
    """One of several changes raised."""


def _made(together: list[_Change], connection: Connection) -> list[Any]:
    """Make the changes, and return their results. Raises _OneRaised, or the error of a single change."""
    try:
        return [change.make(connection) for change in together]
    except Exception as error:
        if len(together) == 1:
            raise
        raise _OneRaised from error


class _SharedCommit:
    """The first waiting thread commits the changes of all threads that came during the commit before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[_Change] = []
        self._queue = threading.Lock()
        self._disk = threading.Lock()

    def write(self, make: Callable[[Connection], Any]) -> Any:
        change = _Change(make)
        with self._queue:
            self._waiting.append(change)
        with self._disk:
            if not change.done:
                with self._queue:
                    together, self._waiting = self._waiting, []
                self._commit(together)
        if change.error is not None:
            raise change.error
        return change.result

    def _commit(self, together: list[_Change]) -> None:
        try:
            if not self._commit_without_savepoints(together):
                with self._engine.begin() as connection:
                    for change in together:
                        change.apply(connection)
        except BaseException as error:
            # The commit failed: no change is on disk, whatever each has returned.
            for change in together:
                change.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for change in together:
                change.done = True

    def _commit_without_savepoints(self, together: list[_Change]) -> bool:
        """Commit all changes; False when one of several raises, which undoes all, so that each is made again by itself.

        A change costs half as much without a savepoint, and hardly any change raises.
        """
        try:
            with self._engine.begin() as connection:
                results = _made(together, connection)
        except _OneRaised:
            return False
        for change, result in zip(together, results, strict=True):
            change.result = result
        return True


_making = threading.Lock()
_shared: WeakKeyDictionary[Engine, _SharedCommit] = WeakKeyDictionary()
