"""mailbox_scope and mailbox_scope_info against the emulator's beta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import DOMAIN
from graph_modules import Modules

NOREPLY, REPLIES = f"noreply@{DOMAIN}", f"replies@{DOMAIN}"


def scope(modules: Modules, app: dict[str, Any], roles: list[str], mailboxes: list[str], **options: Any) -> dict[str, Any]:
    return modules.run("mailbox_scope", unique_name=app["unique_name"], roles=roles, mailboxes=mailboxes, **options)


def assigned(modules: Modules, app: dict[str, Any]) -> int:
    principal = f"/ServicePrincipals/{app['service_principal_id']}"
    return len([one for one in modules.emulator.state()["role_assignments"] if one["principalId"] == principal])


def test_check_set_again_change_remove(modules: Modules, app: dict[str, Any]) -> None:
    shown = scope(modules, app, ["Mail.Send"], [NOREPLY], check=True)
    assert shown["changed"] and modules.writes() == []
    done = scope(modules, app, ["Application Mail.Send"], [NOREPLY])
    assert done["changed"] and done["diff"] == shown["diff"] and done["scope"] == {"Mail.Send": [NOREPLY]}
    assert "warnings" not in done and assigned(modules, app) == 1
    for identity in ({"unique_name": app["unique_name"]}, {"app_id": app["app_id"]}):
        modules.emulator.forget_requests()
        again = modules.run("mailbox_scope", roles=["Mail.Send"], mailboxes=[NOREPLY], **identity)
        assert not again["changed"] and len(modules.requests()) <= 2
    more = scope(modules, app, ["Mail.Send", "Mail.ReadWrite"], [REPLIES])
    assert more["changed"] and assigned(modules, app) == 3
    info = modules.run("mailbox_scope_info", unique_name=app["unique_name"])
    assert {role: len(where) for role, where in info["scope"].items()} == {"Mail.Send": 2, "Mail.ReadWrite": 1}
    less = scope(modules, app, ["Mail.Send"], [NOREPLY], purge=True)
    assert less["changed"] and less["scope"] == {"Mail.Send": [NOREPLY]} and assigned(modules, app) == 1
    gone = scope(modules, app, ["Mail.Send", "Mail.ReadWrite"], [], state="absent")
    assert gone["changed"] and assigned(modules, app) == 0
    assert not scope(modules, app, ["Mail.Send"], [], state="absent")["changed"]


def test_tenant_wide_consent_is_warned_of(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.grant(app["app_id"], "Mail.Send")
    done = scope(modules, app, ["Mail.Send"], [NOREPLY])
    assert done["tenant_wide"] == ["Mail.Send"] and "do not narrow it" in done["warnings"][0]


@pytest.mark.parametrize("fault", ["lose", "fail", "throttle"])
def test_failures_in_the_middle(modules: Modules, app: dict[str, Any], fault: str) -> None:
    for method in ("POST", "DELETE"):
        modules.emulator.fault(fault, method=method, path="roleAssignments", times=2)
    assert scope(modules, app, ["Mail.Send"], [NOREPLY, REPLIES])["changed"]
    assert assigned(modules, app) == 2
    assert scope(modules, app, ["Mail.Send"], [NOREPLY], state="absent")["changed"]
    assert assigned(modules, app) == 1


def test_from_nothing_through_replication(modules: Modules, name: str) -> None:
    modules.emulator.lag(requests=9)
    made = modules.run("entra_app", unique_name=name, consecutive_reads=5)
    done = scope(modules, made, ["Mail.Send"], [NOREPLY], consecutive_reads=5)
    assert done["changed"]
    assert not scope(modules, made, ["Mail.Send"], [NOREPLY], consecutive_reads=5)["changed"]


def test_what_is_refused(modules: Modules, app: dict[str, Any], automation_with: Callable[..., Modules]) -> None:
    unknown = scope(modules, app, ["Mail.Send"], [f"nobody@{DOMAIN}"])
    assert unknown["failed"] and unknown["field"] == "mailboxes" and "nobody@" in unknown["msg"]
    role = scope(modules, app, ["Mail.Everything"], [NOREPLY])
    assert role["failed"] and role["field"] == "roles"
    without = automation_with("Application.Read.All", "User.Read.All")
    refused = scope(without, app, ["Mail.Send"], [NOREPLY])
    assert refused["failed"] and refused["permission"] == "RoleManagement.ReadWrite.Exchange"
    missing = scope(modules, {"unique_name": "nobody"}, ["Mail.Send"], [NOREPLY])
    assert missing["failed"] and "entra_app" in missing["remedy"]
    assert scope(modules, {"unique_name": "nobody"}, ["Mail.Send"], [NOREPLY], check=True)["changed"]
