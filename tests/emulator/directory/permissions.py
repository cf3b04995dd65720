# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which application permissions each call of the directory takes (Graph's reference pages, least to most privileged)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import denied
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

READ_APPLICATIONS = (
    "Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.Read.All",
    "Directory.ReadWrite.All",
)  # fmt: skip
WRITE_ALL_APPLICATIONS = ("Application.ReadWrite.All",)
OWNED = "Application.ReadWrite.OwnedBy"
READ_ASSIGNMENTS = (
    "Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Directory.Read.All",
    "Directory.ReadWrite.All",
)  # fmt: skip
WRITE_ASSIGNMENTS = ("AppRoleAssignment.ReadWrite.All",)
READ_USERS = ("User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_EXCHANGE_ROLES = ("RoleManagement.Read.Exchange", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Exchange")
WRITE_EXCHANGE_ROLES = ("RoleManagement.ReadWrite.Exchange",)


def require(call: Call, *roles: str) -> None:
    """Refuse with 403 unless the token has one of these."""
    if not call.caller.has(*roles):
        raise denied()


def require_writing(call: Call, owned: Document | None = None) -> None:
    """The right to make applications and principals, or to change this one: all of them, or those that the caller owns."""
    if call.caller.has(*WRITE_ALL_APPLICATIONS):
        return
    if not call.caller.has(OWNED):
        raise denied()
    if owned is not None and call.caller.object_id not in owned.get("owners", ()):
        raise denied()
