# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store API tokens in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import tokens
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import Conflict
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.tokens import TokenRecord

_VALID = select(tokens).where(tokens.c.digest == bindparam("digest"), tokens.c.revoked_at.is_(None))


class DatabaseTokens:
    """Implements ports.TokenStore. The row of a revoked token is kept, so that the token is known as revoked."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, name: str, role: Role, email: str | None, digest: bytes) -> None:
        """Add a token by its SHA-256."""
        row = {"name": name, "role": role.value, "email": email, "digest": digest, "created_at": self._clock.now()}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(tokens).values(row))
        except IntegrityError as error:
            raise Conflict(
                f"There is, or was, a token called {name!r} already.", "Choose another name; names are not used twice."
            ) from error

    def replace(self, name: str, role: Role, email: str | None, digest: bytes) -> bool:
        """Implement `TokenStore.replace`."""
        change = update(tokens).where(tokens.c.name == name, tokens.c.role == role.value)
        values = {"digest": digest, "created_at": self._clock.now(), "revoked_at": None}
        with self._engine.begin() as connection:
            return connection.execute(change.values(values if email is None else {**values, "email": email})).rowcount > 0

    def find(self, digest: bytes) -> Principal | None:
        """Return the owner of a valid token."""
        with reading(self._engine) as connection:
            row = connection.execute(_VALID, {"digest": digest}).first()
        return None if row is None else Principal(row.name, Role(row.role), row.email)

    def is_revoked(self, digest: bytes) -> bool:
        """Return whether the token was valid once and is revoked."""
        query = select(tokens.c.name).where(tokens.c.digest == digest, tokens.c.revoked_at.is_not(None))
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def revoke(self, name: str) -> bool:
        """Revoke a token; False when no valid token has this name."""
        change = update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
        with self._engine.begin() as connection:
            return connection.execute(change.values(revoked_at=self._clock.now())).rowcount > 0

    def all(self) -> Sequence[TokenRecord]:
        """Return all tokens, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(tokens).order_by(tokens.c.created_at, tokens.c.name)).all()
        return [TokenRecord(row.name, Role(row.role), row.email, row.created_at, row.revoked_at) for row in rows]

    def update_email(self, name: str, email: str | None) -> None:
        """Set the default recipient of the owner's test messages."""
        with self._engine.begin() as connection:
            connection.execute(update(tokens).where(tokens.c.name == name).values(email=email))
