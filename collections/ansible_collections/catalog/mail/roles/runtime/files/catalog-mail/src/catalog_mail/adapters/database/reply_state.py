# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the reports of the processes that read the mailbox, and their state between two polls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.delivery_rows import failure_value, to_failure
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import mailbox_marks, probes, reply_workers
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.reply_workers import WorkerReport
from catalog_mail.ports.subaddress_probes import SubaddressProbe

# Built once: each health check asks this.
_REPORTS = select(reply_workers).order_by(reply_workers.c.name)
_TIMES = ("last_good_poll", "oldest_unread", "foreign_since", "error_since")


class DatabaseReplyState:
    """Implements ports.ReplyWorkers, ports.MailboxMarks and ports.SubaddressProbes."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    # -- workers

    def report(self, report: WorkerReport) -> None:
        """Implement `ReplyWorkers.report`."""
        values = {"report": _as_json(report), "beat_at": self._clock.now()}
        self._put(reply_workers, {"name": report.name}, values)

    def reports(self) -> Sequence[WorkerReport]:
        """Implement `ReplyWorkers.reports`."""
        with reading(self._engine) as connection:
            return [_report(row) for row in connection.execute(_REPORTS)]

    def forget(self, names: Iterable[str]) -> None:
        """Implement `ReplyWorkers.forget`."""
        with self._engine.begin() as connection:
            connection.execute(delete(reply_workers).where(reply_workers.c.name.in_(list(names))))

    # -- marks

    def mark(self, place: Place) -> str | None:
        """Return the message up to which a mailbox was checked."""
        table = mailbox_marks.c
        query = select(table.last).where(table.mailbox == place.mailbox, table.validity == place.validity)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar()

    def move(self, place: Place, last: str) -> None:
        """Record the message up to which a mailbox was checked."""
        self._put(mailbox_marks, {"mailbox": place.mailbox, "validity": place.validity}, {"last": last})

    # -- probes

    def last(self, route: str) -> SubaddressProbe | None:
        """Return the newest probe."""
        query = select(probes).where(probes.c.route == route).order_by(probes.c.sent_at.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else SubaddressProbe(row.handle, row.sent_at, row.found)

    def sent(self, route: str, handle: str, at: datetime) -> None:
        """Implement `SubaddressProbes.sent`."""
        self._put(probes, {"handle": handle}, {"route": route, "sent_at": at, "found": None})

    def forget_probe(self, handle: str) -> None:
        """Implement `SubaddressProbes.forget_probe`."""
        with self._engine.begin() as connection:
            connection.execute(delete(probes).where(probes.c.handle == handle))

    def settle(self, handle: str, *, found: bool) -> None:
        """Implement `SubaddressProbes.settle`."""
        with self._engine.begin() as connection:
            connection.execute(update(probes).where(probes.c.handle == handle).values(found=found))

    def _put(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Insert or update the row with this key."""
        same: list[ColumnElement[bool]] = [table.c[name] == value for name, value in key.items()]
        change = update(table).where(*same).values(dict(values))
        with self._engine.begin() as connection:
            if connection.execute(change).rowcount:
                return
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table).values({**key, **values}))
        except IntegrityError:  # another process added the row
            with self._engine.begin() as connection:
                connection.execute(change)


def _as_json(report: WorkerReport) -> dict[str, Any]:
    values = asdict(report)
    del values["name"], values["beat_at"]
    times = {name: values[name].isoformat() if values[name] else None for name in _TIMES}
    return {**values, **times, "error": failure_value(report.error)}


def _report(row: Row[Any]) -> WorkerReport:
    known = {name: value for name, value in row.report.items() if name in WorkerReport.__dataclass_fields__}
    times = {name: datetime.fromisoformat(known[name]) if known.get(name) else None for name in _TIMES}
    return WorkerReport(**{**known, **times, "error": to_failure(known.get("error"))}, name=row.name, beat_at=row.beat_at)
