# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the audit log in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, insert, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import audit
from catalog_mail.ports.audit import AuditEntry


class DatabaseAudit:
    """Implements ports.AuditLog. Entries are never changed or removed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, entry: AuditEntry) -> None:
        """Add an entry."""
        with self._engine.begin() as connection:
            add_entry(connection, entry)

    def entries(self, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [AuditEntry(row.at, row.actor, row.action, row.outcome, row.detail, row.id) for row in rows]


def add_entry(connection: Connection, entry: AuditEntry) -> None:
    """Add an entry in the transaction of the change that it records."""
    row = {"at": entry.at, "actor": entry.actor, "action": entry.action, "outcome": entry.outcome, "detail": dict(entry.detail)}
    connection.execute(insert(audit).values(row))
