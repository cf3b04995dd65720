# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailbox_scope and mailbox_scope_info against the emulator's beta."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.running import DOMAIN
from helpers.modules.graph_modules import Modules

NOREPLY, REPLIES = f"noreply@{DOMAIN}", f"replies@{DOMAIN}"


def scope(modules: Modules, app: dict[str, Any], roles: list[str], mailboxes: list[str], **options: Any) -> dict[str, Any]:
    return modules.run("mailbox_scope", unique_name=app["unique_name"], roles=roles, mailboxes=mailboxes, **options)


def assigned(modules: Modules, app: dict[str, Any]) -> int:
    principal = f"/ServicePrincipals/{app['service_principal_id']}"
    return len([one for one in modules.emulator.state()["role_assignments"] if one["principalId"] == principal])


def test_check_set_again_change_remove(modules: Modules, app: dict[str, Any]) -> None:
    which = {"unique_name": app["unique_name"]}
    done = modules.check_run_rerun("mailbox_scope", **which, roles=["Application Mail.Send"], mailboxes=[NOREPLY])
    assert done["diff"][0]["before"] == {} and done["diff"][0]["after"] == {"Mail.Send": [NOREPLY]} == done["scope"]
    assert "warnings" not in done and assigned(modules, app) == 1
    modules.emulator.forget_requests()
    by_id = modules.run("mailbox_scope", app_id=app["app_id"], roles=["Mail.Send"], mailboxes=[NOREPLY])
    assert not by_id["changed"] and len(modules.requests()) <= 2

    modules.check_run_rerun("mailbox_scope", **which, roles=["Mail.Send", "Mail.ReadWrite"], mailboxes=[REPLIES])
    assert assigned(modules, app) == 3
    info = modules.run("mailbox_scope_info", **which)
    assert info["exists"] and {role: len(where) for role, where in info["scope"].items()} == {"Mail.Send": 2, "Mail.ReadWrite": 1}
    less = modules.check_run_rerun("mailbox_scope", **which, roles=["Mail.Send"], mailboxes=[NOREPLY], purge=True)
    assert less["scope"] == less["diff"][0]["after"] == {"Mail.Send": [NOREPLY]} and assigned(modules, app) == 1
    gone = modules.check_run_rerun("mailbox_scope", **which, roles=["Mail.Send", "Mail.ReadWrite"], mailboxes=[], state="absent")
    assert gone["diff"][0]["after"] == {} and assigned(modules, app) == 0


def test_tenant_wide_consent_warns(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.grant(app["app_id"], "Mail.Send")
    done = scope(modules, app, ["Mail.Send"], [NOREPLY])
    assert done["tenant_wide"] == ["Mail.Send"] and "do not restrict it" in done["warnings"][0]


def test_no_mailbox_at_all_with_purge(modules: Modules, app: dict[str, Any]) -> None:
    assert assigned(modules, app) == 0 and scope(modules, app, ["Mail.Send"], [NOREPLY])["changed"]
    emptied = scope(modules, app, ["Mail.Send"], [], purge=True)
    assert emptied["changed"] and emptied["scope"] == {} and assigned(modules, app) == 0


@pytest.mark.parametrize("fault", ["lose", "fail", "throttle"])
def test_failures_midway(modules: Modules, app: dict[str, Any], fault: str) -> None:
    for method in ("POST", "DELETE"):
        modules.set_fault(fault, method=method, path="roleAssignments")
    assert scope(modules, app, ["Mail.Send"], [NOREPLY, REPLIES])["changed"]
    assert assigned(modules, app) == 2
    assert scope(modules, app, ["Mail.Send"], [NOREPLY], state="absent")["changed"]
    assert assigned(modules, app) == 1 and not modules.untriggered_faults()


def test_a_first_run_through_replication(modules: Modules, name: str) -> None:
    modules.emulator.lag(requests=4)
    made = modules.run("entra_app", unique_name=name, consecutive_reads=3)
    done = scope(modules, made, ["Mail.Send"], [NOREPLY], consecutive_reads=3)
    assert done["changed"]
    assert not scope(modules, made, ["Mail.Send"], [NOREPLY], consecutive_reads=3)["changed"]


def test_invalid_options_are_refused(modules: Modules, app: dict[str, Any]) -> None:
    unknown = scope(modules, app, ["Mail.Send"], [f"nobody@{DOMAIN}"])
    assert unknown["failed"] and unknown["field"] == "mailboxes" and "nobody@" in unknown["msg"]
    role = scope(modules, app, ["Mail.Everything"], [NOREPLY])
    assert role["failed"] and role["field"] == "roles"
    missing = scope(modules, {"unique_name": "nobody"}, ["Mail.Send"], [NOREPLY])
    assert missing["failed"] and "entra_app" in missing["remedy"]
    none = modules.run("mailbox_scope_info", unique_name="nobody")
    assert none["exists"] is False and none["scope"] == {} and none["service_principal_id"] is None
    assert scope(modules, {"unique_name": "nobody"}, ["Mail.Send"], [NOREPLY], check=True)["changed"]
