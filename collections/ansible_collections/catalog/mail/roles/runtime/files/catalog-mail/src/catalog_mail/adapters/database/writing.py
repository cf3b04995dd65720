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
    """Make a change; return its result once it is on disk. A change that raises is undone alone."""
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
            with self._engine.begin() as connection:
                if len(together) == 1:
                    together[0].result = together[0].make(connection)
                else:
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


_making = threading.Lock()
_shared: WeakKeyDictionary[Engine, _SharedCommit] = WeakKeyDictionary()
