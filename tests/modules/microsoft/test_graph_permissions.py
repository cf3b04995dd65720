# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""graph_permissions and graph_permissions_info against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.modules.graph_modules import Modules

SEND = "b633e1c5-b582-4048-a93e-9f11b44c7e96"
GRAPH = "00000003-0000-0000-c000-000000000000"
DELEGATED_USER_READ = {"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}
OTHER_API = {"resourceAppId": "00000002-0000-0ff1-ce00-000000000000", "resourceAccess": [
    {"id": "dc890d15-9560-4a4c-9b7f-a736ec74ec40", "type": "Role"}]}


def permissions(modules: Modules, app: dict[str, Any], *names: str, **options: Any) -> dict[str, Any]:
    return modules.run("graph_permissions", unique_name=app["unique_name"], permissions=list(names), **options)


def required(modules: Modules, app: dict[str, Any]) -> Any:
    return modules.registration(appId=app["app_id"])["requiredResourceAccess"]


def assigned(modules: Modules, app: dict[str, Any]) -> list[str]:
    """Return the ids of roles granted to the application's service principal."""
    assignments = modules.emulator.state()["app_role_assignments"]
    return sorted(one["appRoleId"] for one in assignments if one["principalId"] == app["service_principal_id"])


def test_check_set_again_change_remove(modules: Modules, app: dict[str, Any]) -> None:
    which = {"unique_name": app["unique_name"]}
    [first] = modules.check_run_rerun("graph_permissions", **which, permissions=["Mail.Send", "Mail.Read"])["diff"]
    assert first["before"] == {"permissions": [], "consent": []}
    assert first["after"] == {"permissions": ["Mail.Read", "Mail.Send"], "consent": ["Mail.Read", "Mail.Send"]}
    assert len(assigned(modules, app)) == 2

    modules.emulator.forget_requests()
    by_id = modules.run("graph_permissions", app_id=app["app_id"], permissions=["Mail.Read", "Mail.Send"])
    assert not by_id["changed"] and len(modules.requests()) == 1
    assert not modules.run("graph_permissions", **which)["changed"]

    less = modules.check_run_rerun("graph_permissions", **which, permissions=["Mail.Send"])
    assert less["consent"] == ["Mail.Send"] and assigned(modules, app) == [SEND]
    assert less["diff"][0]["before"] == first["after"]
    assert less["diff"][0]["after"] == {"permissions": ["Mail.Send"], "consent": ["Mail.Send"]}
    none = modules.check_run_rerun("graph_permissions", **which, permissions=[])
    assert none["permissions"] == [] and none["diff"][0]["after"] == {"permissions": [], "consent": []}
    assert assigned(modules, app) == [] and required(modules, app) == []


def test_names_are_looked_up_in_the_tenant(modules: Modules, app: dict[str, Any]) -> None:
    """Names outside mail are found too, among the roles of the tenant's service principal of Graph."""
    done = permissions(modules, app, "Organization.Read.All")
    assert done["consent"] == ["Organization.Read.All"]
    [owner] = [one for one in modules.emulator.state()["service_principals"] if one["appId"] == GRAPH]
    ids = {role["value"]: role["id"] for role in owner["appRoles"]}
    assert assigned(modules, app) == [ids["Organization.Read.All"]]


def test_other_permissions_stay_unless_purged(modules: Modules, app: dict[str, Any], entra: Any) -> None:
    token = entra.token(modules.application)
    body = {"requiredResourceAccess": [OTHER_API, {"resourceAppId": GRAPH, "resourceAccess": [DELEGATED_USER_READ]}]}
    assert entra.graph(token, "PATCH", f"/v1.0/applications/{app['object_id']}", body).status_code == 204
    entra.grant(app["app_id"], "User.Read.All")
    done = permissions(modules, app, "Mail.Send")
    assert done["changed"] and done["consent"] == ["Mail.Send", "User.Read.All"]
    assert {one["resourceAppId"]: len(one["resourceAccess"]) for one in required(modules, app)} == {
        GRAPH: 2, OTHER_API["resourceAppId"]: 1}
    assert not permissions(modules, app, "Mail.Send")["changed"]
    shown = permissions(modules, app, "Mail.Send", purge=True, check=True)
    purged = permissions(modules, app, "Mail.Send", purge=True)
    assert purged["diff"] == shown["diff"] and purged["consent"] == ["Mail.Send"] and purged["permissions"] == ["Mail.Send"]
    assert required(modules, app) == [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SEND, "type": "Role"}]}]


def test_a_common_misspelling_warns(modules: Modules, app: dict[str, Any]) -> None:
    done = permissions(modules, app, "Mail.ReadBasicAll")
    assert done["permissions"] == ["Mail.ReadBasic.All"] and "Mail.ReadBasic.All, not Mail.ReadBasicAll" in done["warnings"][0]


@pytest.mark.parametrize("wrong,words", [
    ("Mail.Sent", "Did you mean Mail.Send"), ("User.Read", "exists for users only"), ("nonsense", "no application permission")])
def test_unknown_names_are_refused(modules: Modules, app: dict[str, Any], wrong: str, words: str) -> None:
    refused = permissions(modules, app, wrong)
    assert refused["failed"] and refused["field"] == "permissions" and words in refused["msg"] and modules.writes() == []


def test_consent_left_to_an_administrator(modules: Modules, app: dict[str, Any]) -> None:
    done = permissions(modules, app, "Mail.Send", consent=False)
    assert done["changed"] and done["unconsented"] == ["Mail.Send"] and assigned(modules, app) == []
    assert not permissions(modules, app, "Mail.Send", consent=False)["changed"]
    info = modules.run("graph_permissions_info", unique_name=app["unique_name"])
    assert info["permissions"] == ["Mail.Send"] and info["unconsented"] == ["Mail.Send"]


@pytest.mark.parametrize("fault", ["lose", "fail", "throttle", "refuse_connection"])
def test_failures_midway(modules: Modules, app: dict[str, Any], fault: str) -> None:
    modules.set_fault(fault, method="PATCH", path="applications")
    modules.set_fault(fault, method="POST", path="appRoleAssignedTo")
    modules.set_fault(fault, method="DELETE", path="appRoleAssignments")
    done = permissions(modules, app, "Mail.Send", "Mail.Read")
    assert done["changed"] and len(assigned(modules, app)) == 2
    assert permissions(modules, app)["changed"] and assigned(modules, app) == [] and not modules.untriggered_faults()


@pytest.mark.parametrize("lag", [{"requests": 4}, {"requests": 3, "replicas": 1}, {"seconds": 0.6}])
def test_a_first_run_through_replication(modules: Modules, name: str, lag: dict[str, Any]) -> None:
    modules.emulator.lag(**lag)
    made = modules.run("entra_app", unique_name=name, consecutive_reads=3)
    assert made.get("changed"), made
    done = modules.run("graph_permissions", unique_name=name, permissions=["Mail.Send"], consecutive_reads=3)
    assert done.get("consent") == ["Mail.Send"], done
    again = modules.run("graph_permissions", unique_name=name, permissions=["Mail.Send"], consecutive_reads=3)
    assert not again["changed"], again


def test_a_failure_inside_a_batch(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.fault("throttle", method="GET", path="servicePrincipals", times=2, retry_after=0)
    assert permissions(modules, app, "Mail.Send")["changed"] and not modules.untriggered_faults()


def test_no_registration(modules: Modules) -> None:
    refused = modules.run("graph_permissions", unique_name="nobody", permissions=["Mail.Send"])
    assert refused["failed"] and "entra_app" in refused["remedy"]
    shown = modules.run("graph_permissions", check=True, unique_name="nobody", permissions=["Mail.Send"])
    assert shown["changed"] and shown["consent"] == ["Mail.Send"]
