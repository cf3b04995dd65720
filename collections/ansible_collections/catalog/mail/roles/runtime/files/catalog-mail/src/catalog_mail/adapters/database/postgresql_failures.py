# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the kind of failure from an error of psycopg: by SQLSTATE (PostgreSQL, appendix A), else by libpq's words."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from catalog_mail.domain.failures.storage import StorageFault

# By SQLSTATE, or by its class, which is the first two characters.
_STATES = {
    "08": StorageFault.AWAY,
    "08P01": StorageFault.OTHER,
    "25006": StorageFault.STANDBY,
    "28": StorageFault.LOGIN_REFUSED,
    "3D": StorageFault.NO_DATABASE,
    "3F": StorageFault.INCOMPLETE,
    "40001": StorageFault.LOCKED,
    "40P01": StorageFault.LOCKED,
    "42501": StorageFault.NO_PRIVILEGE,
    "42703": StorageFault.INCOMPLETE,
    "42P01": StorageFault.INCOMPLETE,
    "53": StorageFault.OTHER,
    "53100": StorageFault.DISK_FULL,
    "53200": StorageFault.OUT_OF_MEMORY,
    "53300": StorageFault.TOO_MANY_CONNECTIONS,
    "55P03": StorageFault.LOCKED,
    "57014": StorageFault.SLOW,
    "57P01": StorageFault.AWAY,
    "57P02": StorageFault.AWAY,
    "57P03": StorageFault.STARTING,
    "57P04": StorageFault.NO_DATABASE,
    "57P05": StorageFault.AWAY,
    "58": StorageFault.OTHER,
    "58030": StorageFault.DISK_ERROR,
    "XX": StorageFault.OTHER,
    "XX001": StorageFault.DAMAGED,
    "XX002": StorageFault.DAMAGED,
}
# libpq gives no SQLSTATE while it connects. Its words, and those of a server that speaks English, in this order.
_SAID = (
    ("too many connections", StorageFault.TOO_MANY_CONNECTIONS),
    ("too many clients", StorageFault.TOO_MANY_CONNECTIONS),
    ("connection slots are reserved", StorageFault.TOO_MANY_CONNECTIONS),
    ("starting up", StorageFault.STARTING),
    ("shutting down", StorageFault.STARTING),
    ("in recovery mode", StorageFault.STARTING),
    ("accepting connections", StorageFault.STARTING),
    ("session is read-only", StorageFault.STANDBY),
    ("server is in hot standby", StorageFault.STANDBY),
    ("no space left on device", StorageFault.DISK_FULL),
    ("could not write init file", StorageFault.DISK_FULL),
    ("certificate", StorageFault.TLS_FAILED),
    ("does not support ssl", StorageFault.TLS_FAILED),
    ("ssl error", StorageFault.TLS_FAILED),
    ("sslmode", StorageFault.TLS_FAILED),
    ("password", StorageFault.LOGIN_REFUSED),
    ("authentication", StorageFault.LOGIN_REFUSED),
    ("pg_hba.conf", StorageFault.LOGIN_REFUSED),
    ("not permitted to log in", StorageFault.LOGIN_REFUSED),
    ("permission denied for database", StorageFault.NO_PRIVILEGE),
    ("role ", StorageFault.LOGIN_REFUSED),
    ("database ", StorageFault.NO_DATABASE),
    ("could not translate host name", StorageFault.NAME_NOT_FOUND),
    ("failed to resolve host", StorageFault.NAME_NOT_FOUND),
    ("name or service not known", StorageFault.NAME_NOT_FOUND),
)


def classify(error: BaseException, *, disconnected: bool = False) -> StorageFault | None:
    """Return the kind; None for an error of a statement or of its data. `disconnected`: the connection is lost."""
    import psycopg  # noqa: PLC0415  # only services with PostgreSQL load the driver

    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state:
        known = _STATES.get(state) or _STATES.get(state[:2])
        return known or (StorageFault.AWAY if disconnected else None)
    if not isinstance(cause, psycopg.OperationalError) and not disconnected:
        return None
    said = str(cause).lower()
    return next((fault for words, fault in _SAID if words in said), StorageFault.AWAY)
