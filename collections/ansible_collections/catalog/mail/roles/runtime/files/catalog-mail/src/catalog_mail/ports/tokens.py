# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.people import Principal, Role


@dataclass(frozen=True)
class TokenRecord:
    """A token as it is listed, without its value, which only its owner knows."""

    name: str
    role: Role
    email: str | None
    created_at: datetime
    revoked_at: datetime | None


class TokenStore(Protocol):
    def add(self, name: str, role: Role, email: str | None, digest: bytes) -> None:
        """Add a token. Raises Conflict when the name is taken."""

    def replace(self, name: str, role: Role, email: str | None, digest: bytes) -> bool:
        """Replace the token of that name and role, also a revoked one. Returns False when there is none."""

    def find(self, digest: bytes) -> Principal | None:
        """Return the principal whose token has this SHA-256; None when there is none or it was revoked."""

    def is_revoked(self, digest: bytes) -> bool: ...

    def revoke(self, name: str) -> bool:
        """Revoke the token of that name. Returns False when there is none."""

    def all(self) -> Sequence[TokenRecord]: ...

    def update_email(self, name: str, email: str | None) -> None: ...
