# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record that e-mails came back, and find the recipients who cannot get any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, select, update

from catalog_mail.adapters.database.delivery_rows import failure_value, storable
from catalog_mail.adapters.database.tables import deliveries
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.notifications.notification import State
from catalog_mail.domain.replies.bounced import BounceReport

MOST_LOOKED_AT = 200
_columns = deliveries.c


class DatabaseBounces:
    """Implements ports.BounceStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def bounced(self, report: BounceReport, at: datetime) -> str | None:
        """Implement `BounceStore.bounced`."""
        return write(self._engine, lambda connection: _bounced(connection, report, at))


def bouncing_recipients(connection: Connection, since: datetime) -> Sequence[str]:
    """Return the addresses to which the latest e-mails came back for good, at most of MOST_LOOKED_AT deliveries; newest first."""
    bounced = (_columns.state == State.BOUNCED.value, _columns.accepted_at >= since)
    query = select(_columns.address, _columns.cause).where(*bounced).order_by(_columns.accepted_at.desc()).limit(MOST_LOOKED_AT)
    return list(dict.fromkeys(row.address for row in connection.execute(query) if row.cause == Cause.BOUNCED.value))


def _bounced(connection: Connection, report: BounceReport, at: datetime) -> str | None:
    found = connection.execute(select(_columns.id, _columns.state).where(*_named(report))).first()
    if found is None or found.state not in (State.SENT.value, State.BOUNCED.value):
        return None
    failure = report.failure
    words = f"{failure.smtp_code or ''} {failure.smtp_text or ''}".strip()
    change = update(deliveries).where(_columns.id == found.id, _columns.state == State.SENT.value)
    values = {
        "state": State.BOUNCED.value, "failure": failure_value(failure), "cause": failure.code.value,
        "response": storable(words) or None, "ended_at": at,
    }  # fmt: skip
    connection.execute(change.values(values))
    return str(found.id)


def _named(report: BounceReport) -> Sequence[ColumnElement[bool]]:
    """Return the conditions for the delivery that a report names; its Message-ID begins with its id, and is equal."""
    if report.handle is not None:
        return [_columns.handle == report.handle]
    message_id = report.message_id or ""
    return [_columns.id == message_id[1:27], _columns.message_id == message_id]
