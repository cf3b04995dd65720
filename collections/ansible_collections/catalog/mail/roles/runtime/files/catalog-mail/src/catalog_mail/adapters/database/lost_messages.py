# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read why messages were given up lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, select

from catalog_mail.adapters.database.delivery_rows import to_failure
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import deliveries
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.notifications.notification import State

# Messages that are read at most, the newest.
_READ = 500


class DatabaseLostMessages:
    """Implements ports.LostMessages; the index of state and acceptance serves the query."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def failures(self, since: datetime) -> Sequence[Failure]:
        """Return the failures of the newest messages that were given up."""
        row = deliveries.c
        query = (
            select(row.failure)
            .where(row.state == State.FAILED.value, row.accepted_at >= since)
            .order_by(row.accepted_at.desc())
            .limit(_READ)
        )
        with reading(self._engine) as connection:
            found = [to_failure(value) for value in connection.execute(query).scalars()]
        return [failure for failure in found if failure is not None]
