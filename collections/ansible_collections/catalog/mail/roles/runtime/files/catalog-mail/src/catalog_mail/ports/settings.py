# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the e-mail settings are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.ports.audit import AuditEntry


@dataclass(frozen=True)
class StoredSecret:
    """A secret as the store keeps it: `value` is None where it cannot be decrypted any more (the key was lost)."""

    value: str | None = field(repr=False)
    changed_at: datetime


@dataclass(frozen=True)
class StoredSettings:
    """The document without its secrets, and the secrets by their path (`notifications.smtp.password`).

    `revision` is 0 while nothing was ever saved; then `document` is empty.
    """

    revision: int
    document: Mapping[str, Any]
    secrets: Mapping[str, StoredSecret]
    changed_at: datetime | None = None
    changed_by: str | None = None


class SettingsStore(Protocol):
    def load(self) -> StoredSettings: ...

    def revision(self) -> int:
        """The stored revision alone; cheap."""

    def save(
        self, document: Mapping[str, Any], secrets: Mapping[str, str | None], *, expected_revision: int, audit: AuditEntry
    ) -> StoredSettings:
        """Store document, secrets and audit entry in one transaction, or nothing.

        `secrets` holds what changes: a new value, or None to remove. Raises PreconditionFailed if the stored revision is
        not `expected_revision`.
        """
