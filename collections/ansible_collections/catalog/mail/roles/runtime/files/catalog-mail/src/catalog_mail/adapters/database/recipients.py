# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the users that get notifications, and the addresses that opted out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Engine, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.opt_outs import opted_out
from catalog_mail.adapters.database.tables import subscriptions, users
from catalog_mail.adapters.database.users import DatabaseUsers, row_user, users_with_email
from catalog_mail.domain.catalog.people import User
from catalog_mail.ports.catalog import Contacts


class DatabaseRecipients:
    """Implements ports.RecipientDirectory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._users = DatabaseUsers(engine)

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these names."""
        return self._users.users_by_name(names)

    def contacts(self, addresses: Iterable[str]) -> Contacts:
        """Implement `RecipientDirectory.contacts`."""
        wanted = list(addresses)
        with reading(self._engine) as connection:
            return Contacts(users_with_email(connection, wanted), opted_out(connection, wanted))

    def server_admins(self) -> Sequence[User]:
        """Implement `RecipientDirectory.server_admins`."""
        query = select(users).where(users.c.server_admin, users.c.active).order_by(users.c.name)
        with reading(self._engine) as connection:
            return [row_user(row) for row in connection.execute(query)]

    def subscribers(self, event: str) -> Sequence[User]:
        """Implement `RecipientDirectory.subscribers`."""
        query = select(users).join(subscriptions, subscriptions.c.user_id == users.c.id).order_by(users.c.name)
        with reading(self._engine) as connection:
            return [row_user(row) for row in connection.execute(query.where(subscriptions.c.event == event, users.c.active))]
