"""The embedded catalog in the database: users and conversations, subscriptions and opt-outs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.notifications import insert_notification
from catalog_mail.adapters.database.tables import conversations, opt_outs, posts, subscriptions, users
from catalog_mail.domain.catalog.conversation import Conversation, Post
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.errors import Conflict, NotFound
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.ports.catalog import Notice

# Values in one IN list; SQLite takes 32,766 parameters, and long lists are slow to prepare.
_CHUNK = 500


class DatabaseCatalog:
    """Fulfils ports.CatalogStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- users

    def add_user(self, user: User) -> None:
        """Add one."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(users).values(asdict(user)))
        except IntegrityError as error:
            raise self._taken(user) from error

    def replace_user(self, user: User) -> None:
        """Replace who has this id."""
        try:
            with self._engine.begin() as connection:
                found = connection.execute(update(users).where(users.c.id == user.id).values(asdict(user))).rowcount
        except IntegrityError as error:
            raise self._taken(user) from error
        if not found:
            raise _no_user(user.id)

    def user(self, user_id: str) -> User:
        """One by the id."""
        found = self.users_by_id([user_id])
        if user_id not in found:
            raise _no_user(user_id)
        return found[user_id]

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """By name."""
        query = select(users).order_by(users.c.name).limit(limit)
        if after is not None:
            query = query.where(users.c.name > after.lower())
        with reading(self._engine) as connection:
            return [_user(row) for row in connection.execute(query)]

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]:
        """Those of these ids."""
        return {user.id: user for user in self._users_with(users.c.id, ids)}

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """Those of these names."""
        return {user.name: user for user in self._users_with(users.c.name, (name.lower() for name in names))}

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """Those with these addresses."""
        return {user.email: user for user in self._users_with(users.c.email, (address.lower() for address in addresses))}

    def server_admins(self) -> Sequence[User]:
        """The active ones."""
        query = select(users).where(users.c.server_admin, users.c.active).order_by(users.c.name)
        with reading(self._engine) as connection:
            return [_user(row) for row in connection.execute(query)]

    def _users_with(self, column: ColumnElement[str], values: Iterable[str]) -> list[User]:
        with reading(self._engine) as connection:
            return [_user(row) for chunk in chunks(values) for row in connection.execute(select(users).where(column.in_(chunk)))]

    def _taken(self, user: User) -> Conflict:
        same_email = self.users_by_email([user.email]).get(user.email)
        field, what = ("email", user.email) if same_email and same_email.id != user.id else ("name", user.name)
        return Conflict(f"Another user has {what!r} already.", "Give one of their own, or change that user.", field=field)

    # -- conversations

    def add_conversation(self, conversation: Conversation, post: Post | None, notices: Sequence[Notice]) -> None:
        """With its first post and what tells of it."""
        with self._engine.begin() as connection:
            connection.execute(insert(conversations).values(asdict(conversation)))
            if post:
                insert_posts(connection, [post])
            insert_notices(connection, notices)

    def conversation(self, conversation_id: str) -> Conversation:
        """One by its id."""
        with reading(self._engine) as connection:
            return _conversation(_by_id(connection, conversations, conversation_id))

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Newest first."""
        with reading(self._engine) as connection:
            return [_conversation(row) for row in _page(connection, conversations, limit, before)]

    def assign(self, conversation_id: str, user_id: str | None, notices: Sequence[Notice]) -> bool:
        """With what tells of it, unless it was so already."""
        other = conversations.c.assignee_id.is_distinct_from(user_id)
        with self._engine.begin() as connection:
            change = update(conversations).where(conversations.c.id == conversation_id, other).values(assignee_id=user_id)
            if not connection.execute(change).rowcount:
                return False
            insert_notices(connection, notices)
            return True

    def add_post(self, post: Post, notices: Sequence[Notice]) -> tuple[Post, bool]:
        """With what tells of it."""
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
                    "Use a new key for a new post, and the same content to ask again for the same.",
                ) from None
            return earlier, False
        return post, True

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Newest first."""
        with reading(self._engine) as connection:
            rows = _page(connection, posts, limit, before, posts.c.conversation_id == conversation_id)
            return [_post(row) for row in rows]

    def _post_with_key(self, key: str | None) -> Post | None:
        if key is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(select(posts).where(posts.c.idempotency_key == key)).first()
        return None if row is None else _post(row)

    # -- subscriptions

    def subscribe(self, user_id: str, event: str) -> None:
        """Once or twice is the same."""
        self._ensure(subscriptions, {"user_id": user_id, "event": event})

    def unsubscribe(self, user_id: str, event: str) -> None:
        """Also where there is no subscription."""
        with self._engine.begin() as connection:
            connection.execute(delete(subscriptions).where(subscriptions.c.user_id == user_id, subscriptions.c.event == event))

    def subscriptions(self, user_id: str) -> Sequence[str]:
        """The events, by name."""
        query = select(subscriptions.c.event).where(subscriptions.c.user_id == user_id).order_by(subscriptions.c.event)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def subscribers(self, event: str) -> Sequence[User]:
        """The active ones."""
        query = select(users).join(subscriptions, subscriptions.c.user_id == users.c.id).order_by(users.c.name)
        with reading(self._engine) as connection:
            return [_user(row) for row in connection.execute(query.where(subscriptions.c.event == event, users.c.active))]

    # -- opt-outs

    def opt_out(self, address: str, kind: Kind, at: datetime) -> None:
        """Once or twice is the same; the first time counts."""
        self._ensure(opt_outs, {"address": address.lower(), "kind": kind.value, "at": at})

    def opt_in(self, address: str, kind: Kind) -> None:
        """Also where there is no opt-out."""
        with self._engine.begin() as connection:
            connection.execute(delete(opt_outs).where(opt_outs.c.address == address.lower(), opt_outs.c.kind == kind.value))

    def opted_out(self, address: str, kind: Kind) -> bool:
        """Whether this address does not want this kind."""
        return bool(self.opted_out_of([address], kind))

    def opted_out_of(self, addresses: Iterable[str], kind: Kind) -> frozenset[str]:
        """Which of these do not want this kind."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for chunk in chunks(address.lower() for address in addresses):
                query = select(opt_outs.c.address).where(opt_outs.c.address.in_(chunk), opt_outs.c.kind == kind.value)
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def _ensure(self, table: Table, row: Mapping[str, Any]) -> None:
        """Add a row unless its key is there already."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table).values(dict(row)))
        except IntegrityError:
            keys = [column == row[column.name] for column in table.primary_key]
            with reading(self._engine) as connection:
                if connection.execute(select(table).where(*keys)).first() is None:
                    raise


def insert_posts(connection: Connection, wanted: Sequence[Post]) -> None:
    """Store posts as part of a transaction."""
    rows = [{**asdict(post), "mentions": list(post.mentions)} for post in wanted]
    if rows:
        connection.execute(insert(posts), rows)


def insert_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Store what tells of something as part of the same transaction."""
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
    """Rows with `created_at` and `id`, newest first, from one row on."""
    query = select(table).where(*conditions).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    if before is not None:
        last = _by_id(connection, table, before)
        earlier = table.c.created_at < last.created_at
        query = query.where(or_(earlier, (table.c.created_at == last.created_at) & (table.c.id < last.id)))
    return connection.execute(query).all()


def chunks(values: Iterable[str]) -> Iterable[list[str]]:
    """Each value once, so many at a time."""
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK))


def _no_user(user_id: str) -> NotFound:
    return NotFound(f"There is no user {user_id!r}.", "GET /users lists them with their ids.")


def _user(row: Row[Any]) -> User:
    return User(row.id, row.name, row.display_name, row.email, row.server_admin, row.active)


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.title, row.created_by, row.created_at, row.assignee_id)


def _post(row: Row[Any]) -> Post:
    mentions = tuple(row.mentions)
    return Post(row.id, row.conversation_id, row.author_id, row.text, row.created_at, mentions, row.idempotency_key)
