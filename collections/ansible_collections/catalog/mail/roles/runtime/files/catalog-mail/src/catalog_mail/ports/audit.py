# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of changes, for audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class AuditEntry:
    """One action: its time, actor, name and outcome. `detail` is JSON without a secret. The log assigns `id`."""

    at: datetime
    actor: str
    action: str
    outcome: str
    detail: Mapping[str, Any]
    id: int | None = None


class AuditLog(Protocol):
    def record(self, entry: AuditEntry) -> None: ...

    def entries(self, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """Return at most `limit` entries older than the id `before`, newest first."""
