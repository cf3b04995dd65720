# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease deliveries to nodes, in the deliveries' own table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, bindparam, case, func, insert, select, update

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import HELD, deliveries, pace
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.notifications.lease import Claimed, Lease
from catalog_mail.domain.notifications.notification import State
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.notifications.retry import LONGEST_WAIT

_state = deliveries.c.state
# What becomes of a delivery without a lease. One that was being sent stays so, since a server may have accepted its message.
_FREE = {"state": case((_state == State.QUEUED.value, State.ACCEPTED.value), else_=_state), "batch": None, "node": None}
_LEASE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=case((_state == State.SENDING.value, _state), else_=State.QUEUED.value),
        batch=bindparam("of"),
        node=bindparam("by"),
        renewed_at=bindparam("at"),
        next_attempt_at=None,
    )
)


def _due(which: ColumnElement[bool], order: Any) -> Select[Any]:
    """Return the query of ids that no other transaction is taking (on SQLite the write lock already excludes others)."""
    query = select(deliveries.c.id).where(which).order_by(order).limit(bindparam("most"))
    return query.with_for_update(skip_locked=True)


_when = deliveries.c.next_attempt_at
_DUE = (
    _due((_state == State.SENDING.value) & deliveries.c.batch.is_(None), deliveries.c.accepted_at),
    _due((_state == State.RETRYING.value) & (_when <= bindparam("now")), _when),
    _due((_state == State.RETRYING.value) & (_when > bindparam("far")), _when),
    _due(_state == State.ACCEPTED.value, deliveries.c.accepted_at),
)


class DatabaseLeases:
    """Implements ports.DeliveryLeases. `limit` is the limit of deliveries leased per second by all nodes together."""

    def __init__(self, engine: Engine, limit: Pace | None = None) -> None:
        self._engine = engine
        self._limit = limit

    def claim(self, batch: str, *, node: str, at: datetime, limit: int) -> Claimed:
        """Implement `DeliveryLeases.claim`."""
        claim = self._claim_at_pace if self._limit else _claim
        return write(self._engine, lambda connection: claim(connection, {"of": batch, "by": node, "at": at}, at, limit))

    def _claim_at_pace(self, connection: Connection, lease: dict[str, Any], at: datetime, limit: int) -> Claimed:
        assert self._limit is not None  # noqa: S101  # the caller has checked it
        stored = connection.execute(select(pace.c.next_slot).with_for_update()).scalar()
        next_slot, now = stored or 0.0, _seconds(connection, at)
        free = self._limit.free_slots(next_slot, now)
        claimed = _claim(connection, lease, at, min(limit, free)).deliveries if free else 0
        if claimed:
            next_slot = self._limit.after(next_slot, now, claimed)
            # Of two nodes that insert the only row at the same time, one fails and looks again a little later.
            change = insert(pace).values(id=1) if stored is None else update(pace)
            connection.execute(change.values(next_slot=next_slot))
        return Claimed(claimed, self._limit.pause(next_slot, now) if claimed or not free else None)

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


def _claim(connection: Connection, lease: dict[str, Any], at: datetime, limit: int) -> Claimed:
    ids: list[str] = []
    for due in _DUE:
        if len(ids) < limit:
            ids += connection.execute(due, {"now": at, "far": at + LONGEST_WAIT, "most": limit - len(ids)}).scalars()
    if ids:
        connection.execute(_LEASE, {"ids": ids, **lease})
    return Claimed(len(ids))


def _seconds(connection: Connection, at: datetime) -> float:
    """Return the time that all nodes share: the database server's, or with SQLite that of the only host."""
    if connection.dialect.name == "sqlite":
        return at.timestamp()
    return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())


def _same(lease: Lease) -> ColumnElement[bool]:
    """Return the condition that nobody has renewed this lease."""
    return (
        (deliveries.c.batch == lease.batch)
        & deliveries.c.node.is_not_distinct_from(lease.node)
        & deliveries.c.renewed_at.is_not_distinct_from(lease.renewed_at)
    )
