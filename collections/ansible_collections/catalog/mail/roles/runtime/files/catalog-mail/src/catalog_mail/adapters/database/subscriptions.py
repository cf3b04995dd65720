# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store subscriptions to events in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import ensure_row
from catalog_mail.adapters.database.tables import subscriptions


class DatabaseSubscriptions:
    """Implements ports.SubscriptionStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def subscribe(self, user_id: str, event: str) -> None:
        """Subscribe a user. Idempotent."""
        ensure_row(self._engine, subscriptions, {"user_id": user_id, "event": event})

    def unsubscribe(self, user_id: str, event: str) -> None:
        """Unsubscribe a user, if there is a subscription."""
        with self._engine.begin() as connection:
            connection.execute(delete(subscriptions).where(subscriptions.c.user_id == user_id, subscriptions.c.event == event))

    def subscriptions(self, user_id: str) -> Sequence[str]:
        """Return the user's events, ordered by name."""
        query = select(subscriptions.c.event).where(subscriptions.c.user_id == user_id).order_by(subscriptions.c.event)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())
