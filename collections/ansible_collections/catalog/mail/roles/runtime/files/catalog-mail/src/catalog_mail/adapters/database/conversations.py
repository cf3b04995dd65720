# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the conversations and posts of the embedded catalog in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, insert, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.notifications import insert_notification
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import Instant, conversations, posts
from catalog_mail.domain.catalog.conversation import Conversation, Post
from catalog_mail.domain.errors import Conflict, NotFound
from catalog_mail.ports.catalog import Notice


class DatabaseConversations:
    """Implements ports.ConversationStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_conversation(self, conversation: Conversation, post: Post | None, notices: Sequence[Notice]) -> None:
        """Implement `ConversationStore.add_conversation`."""
        with self._engine.begin() as connection:
            connection.execute(insert(conversations).values(asdict(conversation)))
            if post:
                insert_posts(connection, [post])
            insert_notices(connection, notices)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return the conversation with this id."""
        with reading(self._engine) as connection:
            return _conversation(_by_id(connection, conversations, conversation_id))

    def conversations_by_id(self, ids: Iterable[str]) -> Mapping[str, Conversation]:
        """Return the conversations with these ids."""
        query = select(conversations)
        with reading(self._engine) as connection:
            return {
                row.id: _conversation(row)
                for chunk in chunks(ids)
                for row in connection.execute(query.where(conversations.c.id.in_(chunk)))
            }

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Return conversations, newest first."""
        with reading(self._engine) as connection:
            return [_conversation(row) for row in _page(connection, conversations, limit, before)]

    def assign(self, conversation_id: str, user_id: str | None, notices: Sequence[Notice]) -> bool:
        """Implement `ConversationStore.assign`."""
        other = conversations.c.assignee_id.is_distinct_from(user_id)
        with self._engine.begin() as connection:
            change = update(conversations).where(conversations.c.id == conversation_id, other).values(assignee_id=user_id)
            if not connection.execute(change).rowcount:
                return False
            insert_notices(connection, notices)
            return True

    def add_post(self, post: Post, notices: Sequence[Notice]) -> tuple[Post, bool]:
        """Store a post with its notices."""
        try:
            with self._engine.begin() as connection:
                insert_posts(connection, [post])
                insert_notices(connection, notices)
        except IntegrityError:
            earlier = self._post_with_key(post.idempotency_key)
            if earlier is None:
                raise
            if (earlier.conversation_id, earlier.author_id, earlier.text) != (post.conversation_id, post.author_id, post.text):
                raise Conflict(
                    "Another post was stored with this idempotency key before.",
                    "Use a new key for a new post, or repeat the same content.",
                ) from None
            return earlier, False
        return post, True

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Return posts, newest first."""
        with reading(self._engine) as connection:
            rows = _page(connection, posts, limit, before, posts.c.conversation_id == conversation_id)
            return [_post(row) for row in rows]

    def _post_with_key(self, key: str | None) -> Post | None:
        if key is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(select(posts).where(posts.c.idempotency_key == key)).first()
        return None if row is None else _post(row)


def insert_posts(connection: Connection, wanted: Sequence[Post]) -> None:
    """Store posts as part of a transaction."""
    rows = [{**vars(post), "mentions": list(post.mentions)} for post in wanted]
    if rows:
        connection.execute(insert(posts), rows)


def insert_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Store notices as part of the same transaction."""
    for notice in notices:
        insert_notification(connection, notice.notification, notice.deliveries)


def _by_id(connection: Connection, table: Table, row_id: str) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.id == row_id)).first()
    if row is None:
        raise NotFound(f"There is no {table.name.removesuffix('s')} {row_id!r}.", "Use an id that the API has returned.")
    return row


def _page(
    connection: Connection, table: Table, limit: int, before: str | None, *conditions: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """Return rows with `created_at` and `id`, newest first, starting before the row `before`."""
    query = select(table).where(*conditions).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    if before is not None:
        last = _by_id(connection, table, before)
        place = tuple_(literal(last.created_at, Instant), literal(last.id))
        query = query.where(tuple_(table.c.created_at, table.c.id) < place)
    return connection.execute(query).all()


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.title, row.created_by, row.created_at, row.assignee_id)


def _post(row: Row[Any]) -> Post:
    mentions = tuple(row.mentions)
    return Post(row.id, row.conversation_id, row.author_id, row.text, row.created_at, mentions, row.idempotency_key)
