# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease deliveries to nodes, in the deliveries' own table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, case, distinct, func, select, update

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import HELD, deliveries
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.notifications.lease import Lease
from catalog_mail.domain.notifications.notification import State
from catalog_mail.domain.notifications.retry import LONGEST_WAIT

_state = deliveries.c.state
# What becomes of a delivery without a lease. One that was being sent stays so, since a server may have accepted its message.
_FREE = {"state": case((_state == State.QUEUED.value, State.ACCEPTED.value), else_=_state), "batch": None, "node": None}


class DatabaseLeases:
    """Implements ports.DeliveryLeases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, batch: str, *, node: str, at: datetime, limit: int) -> int:
        """Implement `DeliveryLeases.claim`."""
        when = deliveries.c.next_attempt_at
        classes = (
            ((_state == State.SENDING.value) & deliveries.c.batch.is_(None), deliveries.c.accepted_at),
            ((_state == State.RETRYING.value) & (when <= at), when),
            ((_state == State.RETRYING.value) & (when > at + LONGEST_WAIT), when),
            (_state == State.ACCEPTED.value, deliveries.c.accepted_at),
        )
        values = {
            "state": case((_state == State.SENDING.value, _state), else_=State.QUEUED.value),
            "batch": batch,
            "node": node,
            "renewed_at": at,
            "next_attempt_at": None,
        }

        def claim(connection: Connection) -> int:
            ids: list[str] = []
            for which, order in classes:
                if len(ids) < limit:
                    ids += _first(connection, which, order, limit - len(ids))
            if ids:
                connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(values))
            return len(ids)

        return write(self._engine, claim)

    def renew(self, batches: Iterable[str], *, node: str, at: datetime) -> None:
        """Implement `DeliveryLeases.renew`."""
        change = update(deliveries).where(deliveries.c.batch.in_(list(batches)), HELD).values(node=node, renewed_at=at)
        write(self._engine, lambda connection: connection.execute(change))

    def leases(self) -> Sequence[Lease]:
        """Implement `DeliveryLeases.leases`."""
        columns = (deliveries.c.batch, deliveries.c.node, deliveries.c.renewed_at)
        query = select(*columns).distinct().where(HELD, deliveries.c.batch.is_not(None))
        with reading(self._engine) as connection:
            return [Lease(*row) for row in connection.execute(query)]

    def batches(self, node: str) -> int:
        """Implement `DeliveryLeases.batches`."""
        query = select(func.count(distinct(deliveries.c.batch))).where(HELD, deliveries.c.node == node)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def end(self, leases: Iterable[Lease]) -> int:
        """Implement `DeliveryLeases.end`."""
        return sum(self._free(_same(lease)) for lease in leases)

    def end_all(self, node: str) -> int:
        """Implement `DeliveryLeases.end_all`."""
        return self._free(deliveries.c.node == node)

    def release(self, batch: str) -> int:
        """Implement `DeliveryLeases.release`."""
        return self._free(deliveries.c.batch == batch)

    def _free(self, which: ColumnElement[bool]) -> int:
        change = update(deliveries).where(HELD, which).values(_FREE)
        return write(self._engine, lambda connection: connection.execute(change).rowcount)


def _same(lease: Lease) -> ColumnElement[bool]:
    """Return the condition that nobody has renewed this lease."""
    return (
        (deliveries.c.batch == lease.batch)
        & deliveries.c.node.is_not_distinct_from(lease.node)
        & deliveries.c.renewed_at.is_not_distinct_from(lease.renewed_at)
    )


def _first(connection: Connection, which: ColumnElement[bool], order: Any, limit: int) -> list[str]:
    """Return ids that no other transaction is taking (on SQLite the write lock already excludes others)."""
    query = select(deliveries.c.id).where(which).order_by(order).limit(limit).with_for_update(skip_locked=True)
    return list(connection.execute(query).scalars())
