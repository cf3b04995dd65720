# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept and list reports about drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_mail.domain.drift import DriftReport, StoredDriftReport
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.drift import DriftStore


@dataclass(kw_only=True)
class DriftReports:
    """The latest reports; older ones are removed."""

    store: DriftStore
    clock: Clock

    def accept(self, report: DriftReport, reporter: str) -> int:
        """Store a report that came with the token of this name; return its number."""
        return self.store.add(report, reporter=reporter, at=self.clock.now())

    def newest(self, *, limit: int, before: int | None) -> Sequence[StoredDriftReport]:
        """Return at most `limit` reports older than the one with the number `before`, newest first."""
        return self.store.reports(limit=limit, before=before)
