# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the nodes' heartbeats in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import nodes
from catalog_mail.ports.clock import Clock


class DatabaseNodes:
    """Implements ports.Nodes."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def heartbeat(self, name: str) -> None:
        """Implement `Nodes.heartbeat`."""
        if not self._update(name):
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(nodes).values(name=name, seen_at=self._clock.now()))
            except IntegrityError:  # another process added a row with this name
                self._update(name)

    def heartbeats(self) -> Mapping[str, datetime]:
        """Return the last heartbeat of each node."""
        with reading(self._engine) as connection:
            return {row.name: row.seen_at for row in connection.execute(select(nodes))}

    def forget(self, name: str) -> None:
        """Implement `Nodes.forget`."""
        with self._engine.begin() as connection:
            connection.execute(delete(nodes).where(nodes.c.name == name))

    def _update(self, name: str) -> bool:
        with self._engine.begin() as connection:
            return connection.execute(update(nodes).where(nodes.c.name == name).values(seen_at=self._clock.now())).rowcount > 0
