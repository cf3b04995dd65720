# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store replies in the database: the outcome of each message, the posted replies, the explanations sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.conversations import insert_notices, insert_posts
from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.message_log import Ending, count_endings, endings, settle, store_endings, unfinished
from catalog_mail.adapters.database.tables import (
    QUARANTINED,
    conversations,
    deliveries,
    explanations,
    handled,
    notifications,
    replies,
    reply_outcomes,
    undecided,
)
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.catalog.conversation import conversation_of_thread
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.replies.logged import COPY
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.reply import Answered
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.conversations import Posted
from catalog_mail.ports.replies import Explanation, Handled, Noted, Written

T = TypeVar("T")
# Messages that `put_aside` counts at most.
MOST_COUNTED = 2000
_POSTED = Disposition.POSTED.value
_DISPOSITIONS = frozenset(Disposition)
# Built once: each health check asks this.
_OUTCOMES = select(reply_outcomes)


class DatabaseReplies:
    """Implements ports.ReplyStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handled(self, place: Place, keys: Sequence[str]) -> Mapping[str, Disposition]:
        """Implement `ReplyStore.handled`."""
        if not keys:
            return {}
        with reading(self._engine) as connection:
            known = endings(connection, place, keys)
        return {key: Disposition(outcome) for key, (outcome, _reason) in known.items() if outcome in _DISPOSITIONS}

    def answered(self, handles: Iterable[str]) -> Mapping[str, Answered]:
        """Implement `ReplyStore.answered`."""
        wanted = list(handles)
        if not wanted:
            return {}
        query = (
            select(deliveries, notifications.c.kind, notifications.c.created_at, notifications.c.thread, notifications.c.data)
            .join(notifications, notifications.c.id == deliveries.c.notification_id)
            .where(deliveries.c.handle.in_(wanted))
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            existing = _existing(connection, {conversation_of_thread(row.thread) for row in rows})
        return {row.handle: _answered(row, existing) for row in rows}

    def posted(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """Implement `ReplyStore.posted`."""
        with reading(self._engine) as connection:
            return _posted(connection, keys)

    def add(self, written: Sequence[Written], at: datetime) -> Sequence[Posted]:
        """Implement `ReplyStore.add`."""
        return self._repeated(lambda connection: _add(connection, written, at))

    def record(self, place: Place, results: Sequence[Handled], at: datetime) -> Sequence[Notice]:
        """Store the outcomes of messages, and their explanations."""
        return self._repeated(lambda connection: _record(connection, place, results, at))

    def note(self, place: Place, noted: Sequence[Noted], at: datetime) -> None:
        """Store why messages stay unread, without counting them."""
        found = {item.key: Ending(item.outcome.value, item.reason, item.head, item.detail) for item in noted}
        self._repeated(lambda connection: store_endings(connection, place, found, at))

    def settle(self, place: Place, unread: Collection[str], at: datetime) -> None:
        """Implement `ReplyStore.settle`; usually there is nothing to write."""
        with reading(self._engine) as connection:
            if not unfinished(connection, place):
                return
        write(self._engine, lambda connection: settle(connection, place, unread, at))

    def failed(self, place: Place, key: str) -> int:
        """Implement `ReplyStore.failed`."""
        return self._repeated(lambda connection: _count_failure(connection, place, key))

    def decided(self, place: Place, key: str) -> None:
        """Forget the failed decisions about this message."""
        table = undecided.c
        same = (table.mailbox == place.mailbox, table.validity == place.validity, table.message == key)
        write(self._engine, lambda connection: connection.execute(delete(undecided).where(*same)))

    def explained(self, addresses: Iterable[str], since: datetime) -> Mapping[str, int]:
        """Implement `ReplyStore.explained`."""
        mine = explanations.c.address
        query = select(mine, func.count()).where(mine.in_(list(addresses)), explanations.c.at >= since).group_by(mine)
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def explained_keys(self, keys: Iterable[str], since: datetime) -> frozenset[str]:
        """Implement `ReplyStore.explained_keys`."""
        query = select(explanations.c.key).where(explanations.c.key.in_(list(keys)), explanations.c.at >= since)
        with reading(self._engine) as connection:
            return frozenset(connection.execute(query).scalars())

    def outcomes(self) -> Mapping[tuple[Disposition, str], int]:
        """Implement `ReplyStore.outcomes`."""
        with reading(self._engine) as connection:
            rows = connection.execute(_OUTCOMES).all()
        return {(Disposition(row.disposition), row.reason): row.messages for row in rows}

    def put_aside(self, since: datetime) -> int:
        """Implement `ReplyStore.put_aside`."""
        some = select(handled.c.handled_at).where(QUARANTINED, handled.c.handled_at >= since).limit(MOST_COUNTED).subquery()
        query = select(func.count()).select_from(some)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def _repeated(self, change: Callable[[Connection], T]) -> T:
        """Make a change, and repeat it if another process has just added the same rows: the second try sees them."""
        try:
            return write(self._engine, change)
        except IntegrityError:
            return write(self._engine, change)


def _add(connection: Connection, written: Sequence[Written], at: datetime) -> list[Posted]:
    known = _posted(connection, [item.reply.key for item in written])
    result: list[Posted] = []
    new: list[Written] = []
    for item in written:
        key = item.reply.key
        if key in known:
            result.append(Posted(known[key], already=True))
            continue
        known[key] = item.post.id if item.post else item.post_id
        new.append(item)
        result.append(Posted(known[key]))
    if new:
        rows = [{"key": item.reply.key, "post_id": known[item.reply.key], "posted_at": at} for item in new]
        connection.execute(insert(replies), rows)
    insert_posts(connection, [item.post for item in new if item.post])
    for item in new:
        insert_notices(connection, item.notices)
    ends: dict[Place, dict[str, Ending]] = {}
    for item, posted in zip(written, result, strict=True):
        origin = item.reply.origin
        end = Ending(_POSTED, COPY if posted.already else "", origin.head, delivery_id=item.reply.delivery_id)
        ends.setdefault(origin.place, {}).setdefault(origin.key, end)
    for place, of_place in ends.items():
        stored = store_endings(connection, place, of_place, at)
        count_endings(connection, [of_place[key] for key in stored])
    return result


def _record(connection: Connection, place: Place, results: Sequence[Handled], at: datetime) -> list[Notice]:
    ends = {
        item.key: Ending(item.disposition.value, item.reason, item.head, item.detail, item.delivery_id) for item in results
    }
    new = store_endings(connection, place, ends, at)
    count_endings(connection, [ends[key] for key in new])
    wanted = [item.explanation for item in results if item.explanation and item.key in new]
    return [explanation.notice for explanation in wanted if _insert_explanation(connection, explanation, at)]


def _count_failure(connection: Connection, place: Place, key: str) -> int:
    table = undecided.c
    same = (table.mailbox == place.mailbox, table.validity == place.validity, table.message == key)
    tries: int = (connection.execute(select(table.tries).where(*same)).scalar() or 0) + 1
    if tries > 1:
        connection.execute(update(undecided).where(*same).values(tries=tries))
    else:
        connection.execute(insert(undecided).values(mailbox=place.mailbox, validity=place.validity, message=key, tries=1))
    return tries


def _insert_explanation(connection: Connection, explanation: Explanation, at: datetime) -> bool:
    key = explanations.c.key
    if connection.execute(select(key).where(key == explanation.key)).first():
        return False
    connection.execute(insert(explanations).values(key=explanation.key, address=explanation.address, at=at))
    insert_notices(connection, [explanation.notice])
    return True


def _posted(connection: Connection, keys: Sequence[str]) -> dict[str, str | None]:
    if not keys:
        return {}
    rows = connection.execute(select(replies.c.key, replies.c.post_id).where(replies.c.key.in_(keys)))
    return {row.key: row.post_id for row in rows}


def _existing(connection: Connection, ids: Iterable[str | None]) -> set[str]:
    wanted = [found for found in ids if found]
    if not wanted:
        return set()
    return set(connection.execute(select(conversations.c.id).where(conversations.c.id.in_(wanted))).scalars())


def _answered(row: Any, existing: set[str]) -> Answered:
    conversation_id = conversation_of_thread(row.thread)
    return Answered(
        delivery_id=row.id,
        notification_id=row.notification_id,
        kind=Kind(row.kind),
        created_at=row.created_at,
        address=row.address,
        user_id=row.user_id,
        thread=row.thread,
        conversation_id=conversation_id if conversation_id in existing else None,
        title=row.data.get("conversation"),
        url=row.data.get("url"),
    )
