# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the users of the embedded catalog in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Column, Connection, Engine, Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import users
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.errors import Conflict, NotFound

# Built once: building a statement and finding its compiled form takes longer than the database.
_WITH = {
    column.name: select(users).where(column.in_(bindparam("values", expanding=True)))
    for column in (users.c.id, users.c.name, users.c.email)
}


class DatabaseUsers:
    """Implements ports.UserStore and ports.UserDirectory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_user(self, user: User) -> None:
        """Add a user."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(users).values(asdict(user)))
        except IntegrityError as error:
            raise self._taken(user) from error

    def replace_user(self, user: User) -> None:
        """Replace the user with this id."""
        # Without the id: SQLite would search all posts and conversations for the old one.
        values = {name: value for name, value in asdict(user).items() if name != "id"}
        try:
            with self._engine.begin() as connection:
                found = connection.execute(update(users).where(users.c.id == user.id).values(values)).rowcount
        except IntegrityError as error:
            raise self._taken(user) from error
        if not found:
            raise _no_user(user.id)

    def user(self, user_id: str) -> User:
        """Return the user with this id."""
        found = self.users_by_id([user_id])
        if user_id not in found:
            raise _no_user(user_id)
        return found[user_id]

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """Return users, ordered by name."""
        query = select(users).order_by(users.c.name).limit(limit)
        if after is not None:
            query = query.where(users.c.name > after.lower())
        with reading(self._engine) as connection:
            return [row_user(row) for row in connection.execute(query)]

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these ids."""
        with reading(self._engine) as connection:
            return {user.id: user for user in users_with(connection, users.c.id, ids)}

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these names."""
        with reading(self._engine) as connection:
            return {user.name: user for user in users_with(connection, users.c.name, (name.lower() for name in names))}

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these addresses."""
        with reading(self._engine) as connection:
            return users_with_email(connection, addresses)

    def _taken(self, user: User) -> Conflict:
        same_email = self.users_by_email([user.email]).get(user.email)
        field, what = ("email", user.email) if same_email and same_email.id != user.id else ("name", user.name)
        return Conflict(f"Another user has {what!r} already.", "Give another one, or change that user.", field=field)


def users_with_email(connection: Connection, addresses: Iterable[str]) -> dict[str, User]:
    """Return the users with these addresses, by address."""
    return {user.email: user for user in users_with(connection, users.c.email, (address.lower() for address in addresses))}


def users_with(connection: Connection, column: Column[str], values: Iterable[str]) -> list[User]:
    """Return the users whose `column` has one of these values."""
    query = _WITH[column.name]
    return [row_user(row) for chunk in chunks(values) for row in connection.execute(query, {"values": chunk})]


def _no_user(user_id: str) -> NotFound:
    return NotFound(f"There is no user {user_id!r}.", "GET /users lists them with their ids.")


def row_user(row: Row[Any]) -> User:
    """Return the user of a row of `users`."""
    return User(row.id, row.name, row.display_name, row.email, row.server_admin, row.active)
