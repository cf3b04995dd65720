"""Who may do what: the roles of API tokens, the principal behind a request, the users of the embedded catalog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token may do; see `Principal.may`."""

    SERVER_ADMIN = "server_admin"
    CATALOG = "catalog"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Principal:
    """Who asks: the name of the token, its role, and the e-mail address that test messages go to."""

    name: str
    role: Role
    email: str | None = None

    def may(self, role: Role) -> bool:
        """A server admin may everything; the two others only what their own role names."""
        return self.role in (Role.SERVER_ADMIN, role)


@dataclass(frozen=True)
class User:
    """A person in the embedded catalog. `name` is what stands after the @ of a mention."""

    id: str
    name: str
    display_name: str
    email: str
    server_admin: bool = False
    active: bool = True
