# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports about drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.drift import DriftReport, StoredDriftReport


class DriftStore(Protocol):
    def add(self, report: DriftReport, *, reporter: str, at: datetime) -> int:
        """Store a report and what is left to correct on its hosts; return the report's number. The oldest reports are removed."""

    def reports(self, *, limit: int, before: int | None = None) -> Sequence[StoredDriftReport]:
        """Return at most `limit` reports older than the one with the number `before`, newest first."""

    def left(self, now: datetime) -> Mapping[str, int]:
        """Return the number of changes that are left to correct, by host, from the reports of the last MEMORY."""
