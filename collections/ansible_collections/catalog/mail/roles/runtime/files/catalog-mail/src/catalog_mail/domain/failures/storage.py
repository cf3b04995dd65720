# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of failure of the database and its disk, each with cause, remedy and the pause before another attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.errors import StorageFailed


class StorageFault(StrEnum):
    """The kinds; each value is the end of an error's code, after `storage-`."""

    DISK_FULL = "disk-full"
    READ_ONLY = "read-only"
    LOCKED = "locked"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"
    MOVED = "moved"
    UNREADABLE = "unreadable"
    NOT_WRITABLE = "not-writable"
    DISK_ERROR = "disk-error"
    AWAY = "away"
    NAME_NOT_FOUND = "name-not-found"
    STARTING = "starting"
    LOGIN_REFUSED = "login-refused"
    TLS_FAILED = "tls-failed"
    NO_DATABASE = "no-database"
    NO_PRIVILEGE = "no-privilege"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    BUSY = "busy"
    STANDBY = "standby"
    OUT_OF_MEMORY = "out-of-memory"
    SLOW = "slow"
    OTHER = "failed"


@dataclass(frozen=True)
class _Words:
    """`cause` and `remedy` may name {place}, {folder}, {user} and {said}, the words of the database."""

    cause: str
    remedy: str
    retry_after: int


_WORDS: Mapping[StorageFault, _Words] = {
    StorageFault.DISK_FULL: _Words(
        "The disk of {place} is full, so nothing can be stored ({said}).",
        "Free space on the disk of {folder}, or enlarge it; the service goes on by itself.", 60,
    ),
    StorageFault.READ_ONLY: _Words(
        "The disk of {place} is mounted read-only, so nothing can be stored ({said}).",
        "Look in the host's journal for the reason (often an error of the disk), then mount it for writing again.", 60,
    ),
    StorageFault.LOCKED: _Words(
        "Another program has locked {place} for too long ({said}).",
        "Find what holds the lock, such as a backup or a shell of the database, and end it; then try again.", 5,
    ),
    StorageFault.DAMAGED: _Words(
        "{place} is damaged, cut short, or no database of this service ({said}).",
        "Stop the service, keep a copy of the damaged data, restore the last backup, and start the service again.", 300,
    ),
    StorageFault.INCOMPLETE: _Words(
        "{place} lacks a table or a column that this version needs ({said}).",
        "Run 'catalog-mail migrate'; if that changes nothing, restore the last backup.", 300,
    ),
    StorageFault.MOVED: _Words(
        "{place} was removed or replaced while the service was using it ({said}).",
        "Put the file back in its place, or restore a backup, and restart the service.", 60,
    ),
    StorageFault.UNREADABLE: _Words(
        "{place} cannot be opened by the user {user} ({said}).",
        "Create {folder} and let the user of the service own it and the files in it; or correct database_url.", 60,
    ),
    StorageFault.NOT_WRITABLE: _Words(
        "{place} cannot be written by the user {user} ({said}).",
        "Let the user of the service own the file, the files beside it, and {folder}.", 60,
    ),
    StorageFault.DISK_ERROR: _Words(
        "The disk of {place} fails ({said}).",
        "Look in the host's journal for errors of the disk; replace it, and restore a backup if data was lost.", 60,
    ),
    StorageFault.AWAY: _Words(
        "{place} cannot be reached ({said}).",
        "Start the database server, or mend the network; if the address is wrong, correct database_url.", 10,
    ),
    StorageFault.NAME_NOT_FOUND: _Words(
        "The name of the host of {place} is not found ({said}).",
        "Correct database_url, or the name's entry in DNS.", 60,
    ),
    StorageFault.STARTING: _Words(
        "{place} is starting or stopping ({said}).",
        "Wait until it has started; if it does not, read its own log.", 10,
    ),
    StorageFault.LOGIN_REFUSED: _Words(
        "{place} refuses the login ({said}).",
        "Correct the user in database_url, the password in the file that database_password_file names, or pg_hba.conf.", 60,
    ),
    StorageFault.TLS_FAILED: _Words(
        "TLS with {place} failed ({said}).",
        "Correct sslmode and sslrootcert in database_url, or the server's certificate.", 60,
    ),
    StorageFault.NO_DATABASE: _Words(
        "{place} has no such database ({said}).",
        "Create the database, or correct its name in database_url.", 60,
    ),
    StorageFault.NO_PRIVILEGE: _Words(
        "The user of database_url lacks a right at {place} ({said}).",
        "Let that user own the database and its tables, then try again.", 60,
    ),
    StorageFault.TOO_MANY_CONNECTIONS: _Words(
        "{place} takes no more connections ({said}).",
        "Raise max_connections of the server, or the limit of the user, or end connections that nothing uses.", 10,
    ),
    StorageFault.BUSY: _Words(
        "All connections of the service to {place} are in use ({said}).",
        "Send fewer requests at a time; if the state lasts, the database is too slow: look at its load and its disk.", 5,
    ),
    StorageFault.STANDBY: _Words(
        "{place} is a standby or is set to read-only, so nothing can be stored ({said}).",
        "Let database_url name the primary server (with several hosts: target_session_attrs=read-write), or promote this one.",
        30,
    ),
    StorageFault.OUT_OF_MEMORY: _Words(
        "{place} has no memory left ({said}).",
        "Free memory on the host of the database.", 30,
    ),
    StorageFault.SLOW: _Words(
        "{place} does not answer in time ({said}).",
        "Look at the load and the disk of the database's host.", 5,
    ),
    StorageFault.OTHER: _Words(
        "{place} failed ({said}).",
        "Read the log of the database and that of the service: journalctl -u catalog-mail.", 30,
    ),
}  # fmt: skip


def storage_failed(fault: StorageFault, place: str, *, said: str, folder: str = "", user: str = "") -> StorageFailed:
    """Return the error of this kind.

    `place` names the database, such as "the database file /var/lib/x.db". `said` are the words of the database, one line
    without a secret. `folder` is the folder of the file; a server has none.
    """
    words = _WORDS[fault]
    values = {"place": place, "said": said, "folder": folder or "its data", "user": user}
    cause = words.cause.format(**values)
    return StorageFailed(
        cause[0].upper() + cause[1:],
        words.remedy.format(**values),
        code=f"storage-{fault.value}",
        retry_after=words.retry_after,
    )
