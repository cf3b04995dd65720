"""The API's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.people import Principal, Role


@dataclass(frozen=True)
class TokenRecord:
    """A token as it is listed; what it stands for is known to its owner alone."""

    name: str
    role: Role
    email: str | None
    created_at: datetime
    revoked_at: datetime | None


class TokenStore(Protocol):
    def add(self, name: str, role: Role, email: str | None, digest: bytes) -> None:
        """Raises Conflict if the name is taken."""

    def replace(self, name: str, role: Role, email: str | None, digest: bytes) -> bool:
        """Let this be the token of that name and role from now on, and no other; False if there was none of them."""

    def find(self, digest: bytes) -> Principal | None:
        """Who has the token with this SHA-256, unless it was revoked."""

    def is_revoked(self, digest: bytes) -> bool: ...

    def revoke(self, name: str) -> bool:
        """False if there is none of that name."""

    def all(self) -> Sequence[TokenRecord]: ...

    def update_email(self, name: str, email: str | None) -> None: ...
