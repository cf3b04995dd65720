# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the deliveries along their indexes, and let an administrator try them again, cancel them or forget a recipient."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
    update,
)

from catalog_mail.adapters.database.delivery_rows import to_delivery
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.pages import of_page, to_page
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import Instant, deliveries, explanations, handled, notifications, one_of, opt_outs
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.errors import NotFound
from catalog_mail.domain.notifications.mail_log import Entry, Selection
from catalog_mail.domain.notifications.notification import FINAL, Kind, State
from catalog_mail.ports.mail_log import Forgotten
from catalog_mail.ports.pages import Page, PageRequest, Position

_c = deliveries.c
# All columns but the text of the mail, which no list reads.
_SHOWN = [null().label(column.name) if column is _c.message else column for column in _c]


def _only(*states: State) -> ColumnElement[bool]:
    """Return the condition that a delivery is in one of these states.

    It excludes the others, so that no index of states is used: the rows are few already, by their ids or their recipient.
    """
    return ~one_of(_c.state, sorted(set(State) - set(states)))


_FINAL = _only(*FINAL)
_OPEN = _only(*set(State) - FINAL)
_AGAIN = _only(State.FAILED, State.SUPPRESSED, State.RETRYING)
_NOT_BEGUN = _only(State.ACCEPTED, State.QUEUED, State.RETRYING)
_IDS = _c.id.in_(bindparam("ids", expanding=True))
_WAITS = _c.state == State.RETRYING.value
_RETRY = (
    update(deliveries)
    .where(_IDS, _AGAIN, _c.address != "")
    .values(
        state=State.RETRYING.value,
        # As for settings that were saved: the time of acceptance keeps the order, and is over by every node's clock.
        next_attempt_at=case((_c.accepted_at < bindparam("now"), _c.accepted_at), else_=bindparam("now", type_=Instant)),
        pause=0.0,
        waited=case((_WAITS, _c.waited), else_=0.0),  # a delivery that had ended is tried for the whole time again
        reason=null(),
        cause=case((_c.state == State.SUPPRESSED.value, null()), else_=_c.cause),
        ended_at=null(),
        batch=null(),
        node=null(),
    )
)
_CANCEL = (
    update(deliveries)
    .where(_IDS, _NOT_BEGUN)
    .values(
        state=State.SUPPRESSED.value,
        failure=null(),
        reason="cancelled",
        cause="cancelled",
        next_attempt_at=null(),
        pause=0.0,
        ended_at=bindparam("now", type_=Instant),
        batch=null(),
        node=null(),
    )
)
# Rows of one transaction while a recipient is forgotten.
_PORTION = 500


class DatabaseMailLog:
    """Implements ports.MailLogStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, selection: Selection, wanted: PageRequest) -> Page[Entry]:
        """Implement `MailLogStore.page`."""
        conditions = _conditions(selection)
        query = of_page(select(*_SHOWN).where(*conditions), _c.accepted_at, _c.id, wanted) if conditions else _of_all(wanted)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return to_page(rows, wanted, _entry, lambda row: Position(row.accepted_at, row.id))

    def entry(self, delivery_id: str) -> Entry:
        """Return the delivery with this id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*_SHOWN).where(_c.id == delivery_id)).first()
        if row is None:
            raise NotFound(
                f"There is no delivery {delivery_id!r}, or the log does not hold it any more.",
                "GET /deliveries lists all that the log holds; mail_log_days says how long it holds them.",
            )
        return _entry(row)

    def of_cause(self, cause: str, *, after: Position | None, limit: int) -> Sequence[Entry]:
        """Implement `MailLogStore.of_cause`."""
        query = select(*_SHOWN).where(_c.cause == cause, _AGAIN)
        if after is not None:
            query = query.where(tuple_(_c.accepted_at, _c.id) > tuple_(literal(after.at, Instant), literal(after.id)))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_c.accepted_at, _c.id).limit(limit)).all()
        return [_entry(row) for row in rows]

    def retry(self, delivery_ids: Collection[str], at: datetime) -> int:
        """Implement `MailLogStore.retry`."""
        return self._change(_RETRY, delivery_ids, at)

    def cancel(self, delivery_ids: Collection[str], at: datetime) -> int:
        """Implement `MailLogStore.cancel`."""
        return self._change(_CANCEL, delivery_ids, at)

    def under_way(self, recipient: str) -> Sequence[Entry]:
        """Implement `MailLogStore.under_way`."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(*_SHOWN).where(_c.recipient == recipient, _OPEN)).all()
        return [_entry(row) for row in rows]

    def forget(self, recipient: str) -> Forgotten:
        """Implement `MailLogStore.forget`."""
        removed = 0
        while portion := write(self._engine, lambda connection: _remove_portion(connection, recipient)):
            removed += portion
        explained = delete(explanations).where(explanations.c.address == recipient)
        written = update(handled).where(handled.c.sender == recipient).values(sender=null(), subject=null(), detail=null())
        gone, changed = write(self._engine, lambda connection: [connection.execute(one).rowcount for one in (explained, written)])
        kept = select(func.count()).select_from(opt_outs).where(opt_outs.c.address == recipient)
        with reading(self._engine) as connection:
            return Forgotten(removed, gone, changed, connection.execute(kept).scalar_one())

    def _change(self, change: Any, delivery_ids: Collection[str], at: datetime) -> int:
        def make(connection: Connection) -> int:
            return sum(connection.execute(change, {"ids": chunk, "now": at}).rowcount for chunk in chunks(delivery_ids))

        return write(self._engine, make)


def _of_all(wanted: PageRequest) -> Select[Any]:
    """Return the query for a page of all deliveries: the newest of each state, of which the newest of all are taken.

    An index of the time alone would cost more at each change of a state than this costs at each look.
    """
    of_state = (select(_c.id, _c.accepted_at).where(_c.state == state.value) for state in State)
    newest = union_all(*(select(of_page(query, _c.accepted_at, _c.id, wanted).subquery()) for query in of_state)).subquery()
    first = select(newest).order_by(newest.c.accepted_at.desc(), newest.c.id.desc()).limit(wanted.limit + 1).subquery()
    query = select(*_SHOWN).join_from(first, deliveries, _c.id == first.c.id)
    return query.order_by(first.c.accepted_at.desc(), first.c.id.desc())


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    pairs = (
        (_c.state, selection.state and selection.state.value),
        (_c.kind, selection.kind and selection.kind.value),
        (_c.recipient, selection.recipient and selection.recipient.lower()),
        (_c.cause, selection.cause),
    )
    return [column == value for column, value in pairs if value is not None]


def _entry(row: Row[Any]) -> Entry:
    return Entry(to_delivery(row), Kind(row.kind), row.accepted_at, row.ended_at, row.cause)


def _remove_portion(connection: Connection, recipient: str) -> int:
    """Remove some final deliveries to a recipient, and the notifications that then have no delivery; return the number.

    The row of a notification with an idempotency key stays, without its content, so that a repeated request sends nothing.
    """
    query = select(_c.id, _c.notification_id).where(_c.recipient == recipient, _FINAL).limit(_PORTION)
    found = connection.execute(query).all()
    if not found:
        return 0
    connection.execute(delete(deliveries).where(_IDS), {"ids": [row.id for row in found]})
    ids = {row.notification_id for row in found}
    ids -= set(connection.execute(select(_c.notification_id).where(_c.notification_id.in_(ids))).scalars())
    mine = notifications.c.id.in_(ids)
    connection.execute(delete(notifications).where(mine, notifications.c.idempotency_key.is_(None)))
    connection.execute(update(notifications).where(mine).values(data={}, thread=None))
    return len(found)
