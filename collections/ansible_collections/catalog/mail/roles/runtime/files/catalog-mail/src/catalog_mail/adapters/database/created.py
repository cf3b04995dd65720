# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mark a SQLite database as created, so that a file that is empty or missing later is noticed as a loss."""

from __future__ import annotations

import logging
from pathlib import Path

from catalog_mail.adapters.database.failures import DatabasePlace
from catalog_mail.domain.failures.storage import StorageFault

log = logging.getLogger(__name__)

# Earlier versions kept a second file, whose existence showed the same; it held no messages.
_EARLIER = "queue.db"


def check_not_emptied(place: DatabasePlace) -> None:
    """Raise StorageFailed for an empty or missing file of a database that was created before.

    It was cut short or removed: with a new one, everything that it held would be lost without a word.
    """
    if place.path is None or _size(place.path):
        return
    proof = next((path for path in (_mark(place.path), place.path.with_name(_EARLIER)) if _size(path)), None)
    if proof:
        failure = place.failed(StorageFault.DAMAGED, "it is empty or missing")
        failure.remedy = f"Restore the last backup. To begin anew instead, without the old data, remove {proof} as well."
        raise failure


def mark_created(place: DatabasePlace) -> None:
    """Write the mark beside the file, and then remove the file of earlier versions. The database works without the mark."""
    if place.path is None:
        return
    try:
        if not _size(_mark(place.path)):
            _mark(place.path).write_text("The database was created; an empty or missing file is a loss.\n", encoding="ascii")
        for ending in ("", "-wal", "-shm"):
            place.path.with_name(_EARLIER + ending).unlink(missing_ok=True)
    except OSError as error:  # a full disk, for one
        log.warning("the mark %s was not written (%s); the next migration tries again", _mark(place.path), error.strerror)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.created")


def _size(path: Path) -> int:
    """Return the size of a file in bytes; 0 for a missing one, and for one that cannot be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
