# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, authenticate, list and revoke API tokens. Only their SHA-256 is stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import Conflict, InputRefused, NotFound
from catalog_mail.ports.tokens import TokenRecord, TokenStore

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}\Z")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>(),;:\"\\\[\]]{1,64}@[A-Za-z0-9.-]{1,255}\Z")


class Tokens:
    """API tokens of 256 random bits, so that an unsalted hash is enough to store them."""

    def __init__(self, *, store: TokenStore) -> None:
        self._store = store

    def create(self, name: str, role: Role, email: str | None) -> str:
        """Create a token and return its text, which is not stored. Raises InputRefused, or Conflict when the name is taken."""
        token = new_token()
        self.register(token, name, role, email)
        return token

    def register(self, token: str, name: str, role: Role, email: str | None) -> None:
        """Register this text as a token. Raises as `create` does."""
        if not _NAME.match(name):
            raise InputRefused("name", f"{name!r} is not a token's name.", "Use up to 100 letters, digits and . _ @ -.")
        _check_email(email)
        self._store.add(name, role, email, digest(token))

    def ensure(self, token: str, name: str, role: Role, email: str | None) -> str:
        """Register the token of a file, if necessary. Returns "created", "changed" (its e-mail address) or "unchanged".

        A name whose file was lost, or whose token was revoked and its file removed, gets the new token; the old token is refused
        from then on. Raises Conflict when this token was revoked, or when it belongs to another name or role.
        """
        known = self._store.find(digest(token))
        if known is None:
            if self._store.is_revoked(digest(token)):
                raise Conflict("The token in the file was revoked.", "Remove the file and run this again for a new one.")
            _check_email(email)
            if not self._store.replace(name, role, email, digest(token)):
                self.register(token, name, role, email)
            return "created"
        if (known.name, known.role) != (name, role):
            raise Conflict(
                f"The token in the file is {known.name!r} with the role {known.role}.",
                f"Name another file for {name!r} with the role {role}, or revoke that token and remove the file.",
            )
        if email is None or known.email == email:
            return "unchanged"
        _check_email(email)
        self._store.update_email(name, email)
        return "changed"

    def recognise(self, token: str) -> Principal | None:
        """Return the owner of this token; None when it is unknown or revoked."""
        return self._store.find(digest(token))

    def all(self) -> Sequence[TokenRecord]:
        """Return every token ever created, without its text."""
        return self._store.all()

    def revoke(self, name: str) -> None:
        """Revoke a token. Raises NotFound."""
        if not self._store.revoke(name):
            raise NotFound(f"There is no valid token called {name!r}.", "List them with 'catalog-mail token list'.")


def new_token() -> str:
    """Return 43 characters that are safe in a header; the prefix lets secret scanners find a leaked token."""
    return "cmail_" + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return the stored form of a token, its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _check_email(email: str | None) -> None:
    if email is not None and not _EMAIL.match(email):
        raise InputRefused("email", f"{email!r} is not an e-mail address.", "Give one such as admin@example.com.")
