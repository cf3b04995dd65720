# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error for a missing permission of the automation names the permission, its purpose, and the administrator to grant it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN
from helpers.modules.graph_modules import Modules

READ, WRITE, CONSENT = "Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"
EXCHANGE, USERS = "RoleManagement.ReadWrite.Exchange", "User.Read.All"
OPTIONS: dict[str, dict[str, Any]] = {
    "entra_app": {"display_name": "renamed"},
    "entra_app_info": {},
    "entra_app_credential": {"current_key_id": ""},
    "graph_permissions": {"permissions": ["Mail.Send"]},
    "graph_permissions_info": {},
    "mailbox_scope": {"roles": ["Mail.Send"], "mailboxes": [f"noreply@{DOMAIN}"]},
    "mailbox_scope_info": {},
}
LACKING = [
    # module, permissions of the automation, missing permission, purpose
    ("entra_app", (), READ, "read app registrations"),
    ("entra_app", (READ,), WRITE, "write app registrations"),
    ("entra_app_info", (), READ, "read app registrations"),
    ("entra_app_credential", (), READ, "read app registrations"),
    ("entra_app_credential", (READ,), WRITE, "write app registrations"),
    ("graph_permissions", (), READ, "read app registrations"),
    ("graph_permissions", (READ, CONSENT), WRITE, "write app registrations"),
    ("graph_permissions", (WRITE,), CONSENT, "grant and revoke permissions (admin consent)"),
    ("graph_permissions_info", (), READ, "read app registrations"),
    ("mailbox_scope", (), READ, "read app registrations"),
    ("mailbox_scope", (READ, EXCHANGE), USERS, "look up mailboxes by address"),
    ("mailbox_scope", (READ, USERS), EXCHANGE, "read the roles of Exchange"),
    ("mailbox_scope", (READ, USERS, "RoleManagement.Read.Exchange"), EXCHANGE, "assign roles of Exchange"),
    ("mailbox_scope_info", (READ,), "RoleManagement.Read.Exchange", "read the roles of Exchange"),
]


@pytest.mark.parametrize("module,held,lacks,action", LACKING, ids=[f"{one[0]}-{one[2]}-{len(one[1])}" for one in LACKING])
def test_a_missing_permission_is_named(
    automation_with: Callable[..., Modules], app: dict[str, Any], module: str, held: tuple[str, ...], lacks: str, action: str,
) -> None:
    modules = automation_with(*held)
    refused = modules.run(module, unique_name=app["unique_name"], **OPTIONS[module])
    assert refused["failed"] and refused["permission"] == lacks and refused["status"] == 403, refused
    who = modules.application["app_id"]
    assert refused["msg"].startswith(f"The automation ({who}) may not {action};")
    assert (", ".join(sorted(held)) if held else "no application permission at all") in refused["cause"]
    assert refused["remedy"].startswith(f"It needs the application permission {lacks} of Microsoft Graph")
    assert "A Privileged Role Administrator or a Global Administrator grants it" in refused["remedy"]
    assert refused["request_id"] and refused["code"]


def test_own_registrations_need_fewer_permissions(automation_with: Callable[..., Modules], name: str) -> None:
    """OwnedBy is enough for registrations that the automation created."""
    owner = automation_with("Application.ReadWrite.OwnedBy")
    assert owner.run("entra_app", unique_name=name)["changed"]
    assert owner.run("entra_app_credential", unique_name=name, current_key_id="")["created"]


def test_a_mailbox_id_needs_no_permission_for_lookup(modules: Modules, app: dict[str, Any]) -> None:
    user = modules.emulator.user("by-its-id")
    without = Modules(modules.emulator, modules.emulator.application("without users", roles=[READ, EXCHANGE]))
    done = without.run("mailbox_scope", unique_name=app["unique_name"], roles=["Mail.Send"], mailboxes=[user["id"]])
    assert done.get("changed") and done["scope"] == {"Mail.Send": [user["id"]]}, done
