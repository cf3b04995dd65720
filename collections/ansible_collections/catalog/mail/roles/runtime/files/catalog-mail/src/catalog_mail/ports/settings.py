# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of the e-mail settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.ports.audit import AuditEntry


@dataclass(frozen=True)
class StoredSecret:
    """A stored secret. `value` is None when it can no longer be decrypted (the key was lost)."""

    value: str | None = field(repr=False)
    changed_at: datetime


@dataclass(frozen=True)
class StoredSettings:
    """The document without its secrets, and the secrets by their path (`notifications.smtp.password`).

    `revision` is 0, and `document` empty, before the first save.
    """

    revision: int
    document: Mapping[str, Any]
    secrets: Mapping[str, StoredSecret]
    changed_at: datetime | None = None
    changed_by: str | None = None


class SettingsStore(Protocol):
    def load(self) -> StoredSettings: ...

    def revision(self) -> int:
        """Return the stored revision without the document; cheap."""

    def save(
        self, document: Mapping[str, Any], secrets: Mapping[str, str | None], *, expected_revision: int, audit: AuditEntry
    ) -> StoredSettings:
        """Store document, secrets and audit entry in one transaction.

        `secrets` holds the changes: a new value, or None to remove the secret. Raises PreconditionFailed when the stored
        revision is not `expected_revision`.
        """
