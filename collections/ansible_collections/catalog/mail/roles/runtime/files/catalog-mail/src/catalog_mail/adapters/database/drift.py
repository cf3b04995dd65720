# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the reports about drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.events import add_events
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import drift_reports, drifting_hosts
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.drift import MEMORY, MOST_HOSTS, DriftChange, DriftReport, StoredDriftReport, remaining
from catalog_mail.domain.events import Event, EventKind

# The number of reports that are kept.
KEPT = 200


class DatabaseDrift:
    """Implements ports.DriftStore."""

    def __init__(self, engine: Engine, kept: int = KEPT) -> None:
        self._engine = engine
        self._kept = kept

    def add(self, report: DriftReport, *, reporter: str, at: datetime) -> int:
        """Implement `DriftStore.add`."""
        try:
            return write(self._engine, lambda connection: self._add(connection, report, reporter, at))
        except IntegrityError:  # another report has just added the same hosts
            return write(self._engine, lambda connection: self._add(connection, report, reporter, at))

    def reports(self, *, limit: int, before: int | None = None) -> Sequence[StoredDriftReport]:
        """Implement `DriftStore.reports`."""
        query = select(drift_reports).order_by(drift_reports.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(drift_reports.c.id < before)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [StoredDriftReport(row.id, row.at, row.reporter, _report(row.report, row.started_at)) for row in rows]

    def left(self, now: datetime) -> Mapping[str, int]:
        """Implement `DriftStore.left`."""
        query = select(drifting_hosts).where(drifting_hosts.c.at > now - MEMORY).order_by(drifting_hosts.c.host).limit(MOST_HOSTS)
        with reading(self._engine) as connection:
            return {row.host: row.changes for row in connection.execute(query)}

    def _add(self, connection: Connection, report: DriftReport, reporter: str, at: datetime) -> int:
        content = asdict(report)
        started_at = content.pop("started_at")
        row = {"at": at, "reporter": reporter, "started_at": started_at, "report": content}
        number = connection.execute(insert(drift_reports).values(row).returning(drift_reports.c.id)).scalar_one()
        connection.execute(delete(drift_reports).where(drift_reports.c.id <= number - self._kept))
        connection.execute(delete(drifting_hosts).where(drifting_hosts.c.at <= at - MEMORY))
        left = remaining(report)
        for hosts in chunks(left):
            connection.execute(delete(drifting_hosts).where(drifting_hosts.c.host.in_(hosts)))
        rows = [{"host": host, "changes": changes, "at": at} for host, changes in left.items() if changes]
        if rows:
            connection.execute(insert(drifting_hosts), rows)
        add_events(connection, [_event(number, report, at)] if report.changes else [])
        return int(number)


def _event(number: int, report: DriftReport, at: datetime) -> Event:
    hosts = list(dict.fromkeys(change.host for change in report.changes))
    data = {"report": number, "hosts": hosts, "changes": len(report.changes), "corrected": report.corrected}
    return Event(EventKind.DRIFT, at, data)


def _report(content: Mapping[str, Any], started_at: datetime) -> DriftReport:
    changes = [DriftChange(**change) for change in content["changes"]]
    return DriftReport(**{**content, "changes": changes}, started_at=started_at)
