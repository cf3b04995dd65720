# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch the file of a SQLite database: changes to one that was removed, replaced or emptied would be lost without an error."""

from __future__ import annotations

import os
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from catalog_mail.adapters.database.failures import DatabasePlace, note_failure
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.failures.storage import StorageFault

_seen: WeakKeyDictionary[Engine, tuple[int, int]] = WeakKeyDictionary()


def check_file(engine: Engine) -> None:
    """Raise StorageFailed when the engine's SQLite file is another than at the first check, or is empty by now."""
    if not engine.url.database:
        return
    found, size = _identity(engine.url.database)
    first = _seen.get(engine)
    if first is None:
        if found and size:  # the file of a new database is empty
            _seen[engine] = found
    elif found != first:
        raise _failed(engine, StorageFault.MOVED, "another file, or none, has its name")
    elif not size:
        raise _failed(engine, StorageFault.DAMAGED, "it is empty")


def _failed(engine: Engine, fault: StorageFault, said: str) -> StorageFailed:
    note_failure(engine)
    return DatabasePlace.of(engine.url).failed(fault, said)


def _identity(path: str) -> tuple[tuple[int, int] | None, int]:
    """Return device and inode, None without a file, and the size in bytes."""
    try:
        status = os.stat(path)
    except OSError:
        return None, 0
    return (status.st_dev, status.st_ino), status.st_size
