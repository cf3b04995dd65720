# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the kind of failure from an error of SQLite, by its result code (sqlite.org/rescode.html) and the state of the disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from catalog_mail.domain.failures.storage import StorageFault

# A disk with fewer free bytes counts as full when SQLite could not write or open a file.
_FULL = 64 * 1024
# By the primary result code, which is the first word of the extended one; the longest match decides.
_KINDS = {
    "SQLITE_FULL": StorageFault.DISK_FULL,
    "SQLITE_READONLY": StorageFault.NOT_WRITABLE,
    "SQLITE_READONLY_DBMOVED": StorageFault.MOVED,
    "SQLITE_BUSY": StorageFault.LOCKED,
    "SQLITE_LOCKED": StorageFault.LOCKED,
    "SQLITE_CORRUPT": StorageFault.DAMAGED,
    "SQLITE_NOTADB": StorageFault.DAMAGED,
    "SQLITE_FORMAT": StorageFault.DAMAGED,
    "SQLITE_CANTOPEN": StorageFault.UNREADABLE,
    "SQLITE_PERM": StorageFault.UNREADABLE,
    "SQLITE_AUTH": StorageFault.UNREADABLE,
    "SQLITE_IOERR": StorageFault.DISK_ERROR,
    "SQLITE_IOERR_SHORT_READ": StorageFault.DAMAGED,
    "SQLITE_IOERR_CORRUPTFS": StorageFault.DAMAGED,
    "SQLITE_NOLFS": StorageFault.DISK_ERROR,
    "SQLITE_PROTOCOL": StorageFault.LOCKED,
    "SQLITE_NOMEM": StorageFault.OUT_OF_MEMORY,
    "SQLITE_INTERRUPT": StorageFault.SLOW,
}
# Kinds behind which a full or read-only disk may be.
_DISK = {StorageFault.NOT_WRITABLE, StorageFault.UNREADABLE, StorageFault.DISK_ERROR}
_INCOMPLETE = ("no such table", "no such column", "has no column named")


def classify(error: BaseException, path: Path | None) -> StorageFault | None:
    """Return the kind; None for an error of a statement or of its data, and for errors that are not SQLite's."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorname", None)
    if code is None or code == "SQLITE_ERROR":
        return StorageFault.INCOMPLETE if str(error).startswith(_INCOMPLETE) else None
    kind = _kind(code)
    if kind in _DISK and path is not None:
        return _of_disk(path) or kind
    return kind


def _kind(code: str) -> StorageFault | None:
    fitting = [name for name in _KINDS if code == name or code.startswith(f"{name}_")]
    return _KINDS[max(fitting, key=len)] if fitting else None


def _of_disk(path: Path) -> StorageFault | None:
    """Return the kind that the state of the disk explains; None when it explains nothing."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return None
    if disk.f_flag & os.ST_RDONLY:
        return StorageFault.READ_ONLY
    if disk.f_bavail * disk.f_frsize < _FULL:
        return StorageFault.DISK_FULL
    return None
