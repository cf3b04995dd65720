# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the e-mail settings in the database: the document as JSON, the secrets encrypted beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.cipher import Cipher
from catalog_mail.adapters.database.audit import add_entry
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.events import add_events
from catalog_mail.adapters.database.tables import secrets, settings
from catalog_mail.domain.errors import PreconditionFailed
from catalog_mail.domain.events import Event, EventKind
from catalog_mail.ports.audit import AuditEntry
from catalog_mail.ports.settings import StoredSecret, StoredSettings

_ROW = 1
_REVISION = select(settings.c.revision)
_EVERYTHING = select(
    settings, secrets.c.path, secrets.c.ciphertext, secrets.c.changed_at.label("secret_changed_at")
).select_from(settings.outerjoin(secrets, true()))


class DatabaseSettings:
    """Implements ports.SettingsStore. The revision counts the saves; a save names the revision that it is based on."""

    def __init__(self, engine: Engine, cipher: Cipher) -> None:
        self._engine = engine
        self._cipher = cipher

    def load(self) -> StoredSettings:
        """Return document and secrets of the same revision."""
        with reading(self._engine) as connection:
            return self._load(connection)

    def revision(self) -> int:
        """Return the number of saves so far."""
        with reading(self._engine) as connection:
            return connection.execute(_REVISION).scalar() or 0

    def save(
        self, document: Mapping[str, Any], changed: Mapping[str, str | None], *, expected_revision: int, audit: AuditEntry
    ) -> StoredSettings:
        """Save everything or nothing; see the port."""
        try:
            with self._engine.begin() as connection:
                self._write_document(connection, document, expected_revision, audit)
                for path, value in changed.items():
                    self._write_secret(connection, path, value, audit)
                add_entry(connection, audit)
                saved = self._load(connection)
                add_events(connection, [_event(saved.revision, audit)])
                return saved
        except IntegrityError as error:  # two first saves at the same time
            raise _outdated() from error

    def _load(self, connection: Connection) -> StoredSettings:
        # One statement, since each has its own snapshot in PostgreSQL: a secret must never be read with another destination.
        rows = connection.execute(_EVERYTHING).all()
        if not rows:
            return StoredSettings(0, {}, {})
        row = rows[0]
        stored = {
            row.path: StoredSecret(self._cipher.decrypt(row.ciphertext), row.secret_changed_at)
            for row in rows
            if row.path is not None
        }
        return StoredSettings(row.revision, row.document, stored, row.changed_at, row.changed_by)

    @staticmethod
    def _write_document(connection: Connection, document: Mapping[str, Any], expected: int, audit: AuditEntry) -> None:
        row = {"document": dict(document), "changed_at": audit.at, "changed_by": audit.actor, "revision": expected + 1}
        if expected == 0:
            connection.execute(insert(settings).values(id=_ROW, **row))
        elif connection.execute(update(settings).where(settings.c.revision == expected).values(row)).rowcount != 1:
            raise _outdated()

    def _write_secret(self, connection: Connection, path: str, value: str | None, audit: AuditEntry) -> None:
        connection.execute(delete(secrets).where(secrets.c.path == path))
        if value is not None:
            row = {"path": path, "ciphertext": self._cipher.encrypt(value), "changed_at": audit.at}
            connection.execute(insert(secrets).values(row))


def _event(revision: int, audit: AuditEntry) -> Event:
    """Return the event of a save: the revision, and the paths that have changed."""
    paths = [change["path"] for change in audit.detail.get("changes", ())]
    return Event(EventKind.SETTINGS, audit.at, {"revision": revision, "by": audit.actor, "paths": paths})


def _outdated() -> PreconditionFailed:
    return PreconditionFailed(
        "Somebody else has changed the settings since they were read.", "Read the settings again, then repeat the change."
    )
