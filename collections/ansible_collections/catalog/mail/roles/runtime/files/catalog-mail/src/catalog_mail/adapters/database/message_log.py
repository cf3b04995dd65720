# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store what became of each message of the mailbox of replies, and list it page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, bindparam, delete, insert, select, union_all, update

from catalog_mail.adapters.database.delivery_rows import storable
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.message_log_removal import remove_entries, remove_keys
from catalog_mail.adapters.database.pages import of_page, to_page
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import MESSAGE_UNFINISHED, handled, reply_outcomes, undecided
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.errors import NotFound
from catalog_mail.domain.replies.logged import GONE, LoggedMessage, LogOutcome, already_posted, entry_id
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.message_head import MessageHead
from catalog_mail.ports.message_log import MessageFilter
from catalog_mail.ports.pages import Page, PageRequest, Position

_POSTED = LogOutcome.POSTED.value
_CHANGED = ("disposition", "reason", "handled_at", "detail", "delivery_id", "sender", "subject", "message_id", "received_at")
_CHANGE = (
    update(handled)
    .where(handled.c.id == bindparam("entry"), handled.c.disposition != _POSTED)
    .values({name: bindparam(f"new_{name}", type_=handled.c[name].type) for name in _CHANGED})
)


_MOST_REQUESTED = 200
_REQUESTED = (
    select(handled)
    .where(handled.c.retry_at.is_not(None), handled.c.mailbox == bindparam("of"))
    .order_by(handled.c.retry_at)
    .limit(_MOST_REQUESTED)
)


@dataclass(frozen=True)
class Ending:
    """The outcome of a message, as a row stores it."""

    outcome: str
    reason: str
    head: MessageHead = field(default_factory=MessageHead)
    detail: str | None = None
    delivery_id: str | None = None


class DatabaseMessageLog:
    """Implements ports.MessageLog."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: PageRequest, which: MessageFilter) -> Page[LoggedMessage]:
        """Implement `MessageLog.page`."""
        outcomes = list(LogOutcome) if which.outcome is None else [which.outcome]
        some = union_all(*(select(_of_outcome(outcome, which.sender, wanted).subquery()) for outcome in outcomes)).subquery()
        query = select(some).order_by(some.c.handled_at.desc(), some.c.id.desc()).limit(wanted.limit + 1)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return to_page(rows, wanted, _message, lambda row: Position(row.handled_at, row.id))

    def message(self, entry_id: str) -> LoggedMessage:
        """Implement `MessageLog.message`."""
        with reading(self._engine) as connection:
            row = connection.execute(select(handled).where(handled.c.id == entry_id)).first()
        if row is None:
            raise NotFound(
                f"There is no message {entry_id!r} in the log.",
                "Use an id that GET /replies/messages lists ('catalog-mail replies list'); old entries are removed.",
            )
        return _message(row)

    def request_retry(self, entry_id: str, at: datetime) -> None:
        """Implement `MessageLog.request_retry`."""
        if not write(self._engine, lambda connection: _request_retry(connection, entry_id, at)):
            raise already_posted(self.message(entry_id))

    def requested(self, mailbox: str) -> Sequence[LoggedMessage]:
        """Implement `MessageLog.requested`."""
        with reading(self._engine) as connection:
            return [_message(row) for row in connection.execute(_REQUESTED, {"of": mailbox})]

    def retried(self, entry_ids: Sequence[str]) -> None:
        """Implement `MessageLog.retried`."""
        change = update(handled).where(handled.c.id.in_(list(entry_ids))).values(retry_at=None)
        write(self._engine, lambda connection: connection.execute(change))

    def gone(self, entry_ids: Sequence[str], at: datetime) -> None:
        """Implement `MessageLog.gone`."""
        mine = (handled.c.id.in_(list(entry_ids)), handled.c.disposition != _POSTED)
        change = update(handled).where(*mine).values(**_gone(at), retry_at=None)
        write(self._engine, lambda connection: connection.execute(change))

    def remove_entries(self, before: datetime, limit: int) -> int:
        """Implement `MessageLog.remove_entries`."""
        return write(self._engine, lambda connection: remove_entries(connection, before, limit))

    def remove_keys(self, before: datetime, limit: int) -> int:
        """Implement `MessageLog.remove_keys`."""
        return write(self._engine, lambda connection: remove_keys(connection, before, limit))


def _request_retry(connection: Connection, entry_id: str, at: datetime) -> bool:
    """Return whether the message may be tried again. Its failures are forgotten: else it would be put aside at once."""
    mine = (handled.c.id == entry_id, handled.c.disposition != _POSTED)
    row = connection.execute(select(handled).where(*mine)).first()
    if row is None:
        return False
    of_place = (undecided.c.mailbox == row.mailbox, undecided.c.validity == row.validity, undecided.c.message == row.message)
    connection.execute(delete(undecided).where(*of_place))
    return connection.execute(update(handled).where(*mine).values(retry_at=at)).rowcount > 0


def _gone(at: datetime) -> dict[str, Any]:
    return {"disposition": LogOutcome.GONE.value, "reason": GONE, "handled_at": at, "detail": None}


def _of_outcome(outcome: LogOutcome, sender: str | None, wanted: PageRequest) -> Select[Any]:
    """Return the query for a page of one outcome. One index has each such page in a row, whichever outcome most messages have."""
    query = select(handled).where(handled.c.disposition == outcome.value)
    if sender is not None:
        query = query.where(handled.c.sender == sender)
    return of_page(query, handled.c.handled_at, handled.c.id, wanted)


def endings(connection: Connection, place: Place, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return outcome and reason of those of the messages that have an entry."""
    query = select(handled.c.message, handled.c.disposition, handled.c.reason).where(*_at(place))
    return {
        row.message: (row.disposition, row.reason)
        for chunk in chunks(keys)
        for row in connection.execute(query.where(handled.c.message.in_(chunk)))
    }


def store_endings(connection: Connection, place: Place, found: Mapping[str, Ending], at: datetime) -> set[str]:
    """Store the outcomes that are new or have changed; return the keys of those messages. A posted message stays posted."""
    known = endings(connection, place, list(found))
    new = {key: end for key, end in found.items() if _is_news(known.get(key), end)}
    rows = {key: _row(place, key, end, at) for key, end in new.items()}
    changed = [
        {"entry": row["id"], **{f"new_{name}": row[name] for name in _CHANGED}} for key, row in rows.items() if key in known
    ]
    if changed:
        connection.execute(_CHANGE, changed)
    added = [row for key, row in rows.items() if key not in known]
    if added:
        connection.execute(insert(handled), added)
    return set(new)


def count_endings(connection: Connection, found: Collection[Ending]) -> None:
    """Add to the numbers of messages by outcome and reason."""
    table = reply_outcomes.c
    for (disposition, reason), count in Counter((end.outcome, end.reason) for end in found).items():
        same = (table.disposition == disposition, table.reason == reason)
        change = update(reply_outcomes).where(*same).values(messages=table.messages + count)
        if not connection.execute(change).rowcount:
            connection.execute(insert(reply_outcomes).values(disposition=disposition, reason=reason, messages=count))


def settle(connection: Connection, place: Place, unread: Collection[str], at: datetime) -> None:
    """Record those of a mailbox's unfinished messages as gone that are not unread any more; a requested retry stays."""
    mine = (MESSAGE_UNFINISHED, handled.c.mailbox == place.mailbox, handled.c.retry_at.is_(None))
    waiting = connection.execute(select(handled.c.id, handled.c.validity, handled.c.message).where(*mine)).all()
    kept = set(unread)
    gone = [row.id for row in waiting if row.validity != place.validity or row.message not in kept]
    for chunk in chunks(gone):
        connection.execute(update(handled).where(handled.c.id.in_(chunk), MESSAGE_UNFINISHED).values(_gone(at)))


def unfinished(connection: Connection, place: Place) -> bool:
    """Return whether a mailbox has messages that are left or wait."""
    query = select(handled.c.id).where(MESSAGE_UNFINISHED, handled.c.mailbox == place.mailbox).limit(1)
    return connection.execute(query).first() is not None


def _is_news(known: tuple[str, str] | None, end: Ending) -> bool:
    return known is None or (known != (end.outcome, end.reason) and known[0] != _POSTED)


def _at(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return handled.c.mailbox == place.mailbox, handled.c.validity == place.validity


def _row(place: Place, key: str, end: Ending, at: datetime) -> dict[str, Any]:
    head = end.head
    return {
        "mailbox": place.mailbox, "validity": place.validity, "message": key, "id": entry_id(place, key),
        "disposition": end.outcome, "reason": end.reason, "handled_at": at, "detail": storable(end.detail) or None,
        "delivery_id": end.delivery_id, "sender": head.sender, "subject": head.subject, "message_id": storable(head.message_id),
        "received_at": head.received_at,
    }  # fmt: skip


def _message(row: Row[Any]) -> LoggedMessage:
    return LoggedMessage(
        place=Place(row.mailbox, row.validity),
        key=row.message,
        outcome=LogOutcome(row.disposition),
        reason=row.reason,
        at=row.handled_at,
        head=MessageHead(row.sender, row.subject, row.message_id, row.received_at),
        detail=row.detail,
        delivery_id=row.delivery_id,
        retry_at=row.retry_at,
    )
