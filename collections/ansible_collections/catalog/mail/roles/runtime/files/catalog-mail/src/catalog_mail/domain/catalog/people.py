# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles of API tokens, the principal of a request, and the users of the embedded catalog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The role of a token; `Principal.may` tells what each role allows."""

    SERVER_ADMIN = "server_admin"
    CATALOG = "catalog"
    VIEWER = "viewer"
    DRIFT = "drift"


@dataclass(frozen=True)
class Principal:
    """The caller of a request: the token's name, its role, and the e-mail address that test messages go to."""

    name: str
    role: Role
    email: str | None = None

    def may(self, role: Role) -> bool:
        """Return whether the principal has a role; a server admin has every role."""
        return self.role in (Role.SERVER_ADMIN, role)


@dataclass(frozen=True)
class User:
    """A person in the embedded catalog. `name` is written after the @ of a mention."""

    id: str
    name: str
    display_name: str
    email: str
    server_admin: bool = False
    active: bool = True
