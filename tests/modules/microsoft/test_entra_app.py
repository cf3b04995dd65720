# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""entra_app and entra_app_info against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.running import DOMAIN, TENANT
from helpers.modules.graph_modules import Modules


def test_check_make_again_change_remove(modules: Modules, name: str) -> None:
    shown = modules.run("entra_app", check=True, unique_name=name, display_name="Data Catalog")
    assert shown["app_id"] is None
    made = modules.check_run_rerun("entra_app", unique_name=name, display_name="Data Catalog")
    [first] = made["diff"]
    assert first["before"] == {}
    assert first["after"] == {
        "display_name": "Data Catalog", "unique_name": name, "sign_in_audience": "AzureADMyOrg", "service_principal": True}
    there = modules.registration(uniqueName=name)
    assert (made["app_id"], made["object_id"], made["tenant_id"]) == (there["appId"], there["id"], TENANT)
    assert there.get("web", {}).get("redirectUris", []) == []

    renamed = modules.check_run_rerun(
        "entra_app", unique_name=name, display_name="Catalog mail", sign_in_audience="AzureADMultipleOrgs")
    [second] = renamed["diff"]
    assert renamed["app_id"] == made["app_id"] and second["before"] == first["after"]
    assert second["after"] == {
        **first["after"], "display_name": "Catalog mail", "sign_in_audience": "AzureADMultipleOrgs"}
    assert modules.registration(uniqueName=name)["displayName"] == "Catalog mail"

    [gone] = modules.check_run_rerun("entra_app", unique_name=name, state="absent")["diff"]
    assert gone["before"] == second["after"] and gone["after"] == {}


def test_info(modules: Modules, app: dict[str, Any]) -> None:
    found = modules.run("entra_app_info", unique_name=app["unique_name"])
    assert found["exists"] and found["app_id"] == app["app_id"] and found["secrets"] == [] and len(modules.requests()) == 4
    assert found["owners"] == found["federated_credentials"] == found["tags"] == found["redirect_uris"] == []
    none = modules.run("entra_app_info", unique_name="nobody")
    assert not none["exists"] and none["app_id"] is None


def test_a_missing_service_principal_is_created(modules: Modules, name: str) -> None:
    made = modules.emulator.application(name, unique_name=name, service_principal=False)
    done = modules.run("entra_app", unique_name=name)
    assert done["changed"] and done["app_id"] == made["app_id"] and done["service_principal_id"]
    assert done["diff"][0]["before"]["service_principal"] is False


def test_an_existing_registration_is_adopted_by_id(modules: Modules, name: str) -> None:
    made = modules.emulator.application(name)
    done = modules.run("entra_app", unique_name=name, app_id=made["app_id"])
    assert done["changed"] and modules.registration(uniqueName=name)["appId"] == made["app_id"]
    modules.emulator.forget_requests()
    assert not modules.run("entra_app", unique_name=name)["changed"] and len(modules.requests()) == 2


def test_an_ambiguous_display_name_is_refused(modules: Modules, name: str) -> None:
    ids = [f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2)]
    for app_id in ids:
        modules.emulator.application("The same name", app_id=app_id)
    refused = modules.run("entra_app", display_name="The same name")
    assert refused["failed"] and refused["field"] == "display_name" and all(app_id in refused["msg"] for app_id in ids)
    also = modules.run("entra_app", unique_name=name, display_name="The same name")
    assert also["failed"] and all(app_id in also["msg"] for app_id in ids) and modules.writes() == []


def test_lists_are_read_page_by_page(modules: Modules) -> None:
    """A page holds at most a hundred items by default."""
    ids = [f"00000{number}-0000-4000-8000-000000000000" for number in range(100, 225)]
    listed = [{"display_name": "One of many", "app_id": app_id} for app_id in ids]
    modules.emulator.seed({"id": TENANT, "domains": [DOMAIN], "applications": listed})
    refused = modules.run("entra_app", display_name="One of many")
    assert refused["failed"] and "125 app registrations are called" in refused["msg"]
    assert len([one for one in modules.requests() if one["path"].endswith("/applications")]) == 2


def test_a_deleted_registration_is_restored(modules: Modules, app: dict[str, Any]) -> None:
    """With its ids, its secrets and its consent; check mode predicts it, and a second run changes nothing."""
    name, secret = app["unique_name"], modules.emulator.application("with a secret", app_id=app["app_id"])
    modules.emulator.grant(app["app_id"], "Mail.Send")
    before = modules.run("entra_app_info", unique_name=name)
    assert before["deleted"] is None
    assert modules.run("entra_app", unique_name=name, state="absent")["changed"]
    gone = modules.run("entra_app_info", unique_name=name)
    assert not gone["exists"] and gone["deleted"]["app_id"] == app["app_id"] and gone["deleted"]["kept_until"]

    done = modules.check_run_rerun("entra_app", unique_name=name, display_name="Again")
    [shown] = done["diff"]
    assert shown["before"] == {"app_id": app["app_id"], "deleted_at": gone["deleted"]["deleted_at"]}
    assert shown["after"]["app_id"] == app["app_id"] and shown["after"]["display_name"] == "Again"
    same = ("app_id", "object_id", "service_principal_id")
    assert [done[one] for one in same] == [before[one] for one in same]
    assert modules.emulator.token({**app, "client_secret": secret["client_secret"]})
    assert [one["principalId"] for one in modules.emulator.state()["app_role_assignments"]
            if one["principalId"] == done["service_principal_id"]]


def test_a_deleted_registration_is_purged(modules: Modules, app: dict[str, Any]) -> None:
    name = app["unique_name"]
    assert modules.run("entra_app", unique_name=name, state="absent")["changed"]
    done = modules.check_run_rerun("entra_app", unique_name=name, deleted="purge")
    assert done["app_id"] != app["app_id"] and done["diff"][0]["before"]["app_id"] == app["app_id"]
    assert modules.run("entra_app_info", app_id=app["app_id"])["deleted"] is None


def test_a_deleted_registration_is_refused(modules: Modules, app: dict[str, Any]) -> None:
    name = app["unique_name"]
    assert modules.run("entra_app", unique_name=name, state="absent")["changed"]
    modules.emulator.forget_requests()
    for check in (True, False):
        refused = modules.run("entra_app", check=check, unique_name=name, deleted="refuse")
        assert refused["failed"] and refused["field"] == "unique_name" and app["app_id"] in refused["msg"]
        assert "deleted: restore" in refused["remedy"] and modules.writes() == []
    by_id = modules.run("entra_app", app_id=app["app_id"])
    assert by_id["changed"] and by_id["app_id"] == app["app_id"]


@pytest.mark.parametrize("fault", ["lose", "fail"])
@pytest.mark.parametrize("deleted", ["restore", "purge"])
def test_a_failure_midway_restores_or_purges_once(modules: Modules, app: dict[str, Any], deleted: str, fault: str) -> None:
    name = app["unique_name"]
    assert modules.run("entra_app", unique_name=name, state="absent")["changed"]
    modules.set_fault(fault, method="POST" if deleted == "restore" else "DELETE", path="/v1.0/directory/deletedItems")
    done = modules.run("entra_app", unique_name=name, deleted=deleted)
    assert done.get("changed") and not modules.untriggered_faults(), done
    assert (done["app_id"] == app["app_id"]) is (deleted == "restore") and done["service_principal_id"]


def test_what_was_restored_by_half_is_completed(modules: Modules, app: dict[str, Any]) -> None:
    """A run that was killed has restored the registration, and not yet its service principal."""
    assert modules.run("entra_app", unique_name=app["unique_name"], state="absent")["changed"]
    path = f"/v1.0/directory/deletedItems/{app['object_id']}/restore"
    token = modules.emulator.token(modules.application)
    assert modules.emulator.graph(token, "POST", path).status_code == 200
    done = modules.run("entra_app", unique_name=app["unique_name"])
    assert done["changed"] and done["service_principal_id"] == app["service_principal_id"]


def test_a_unique_display_name_finds_the_registration(modules: Modules, name: str) -> None:
    made = modules.emulator.application(f"It's {name} & Co")
    found = modules.run("entra_app", display_name=f"It's {name} & Co")
    assert not found["changed"] and found["app_id"] == made["app_id"]
    none = modules.run("entra_app", display_name="Nobody's")
    assert none["failed"] and "unique_name" in none["msg"]


@pytest.mark.parametrize("fault", ["lose", "fail", "throttle", "refuse_connection"])
def test_a_failure_midway_creates_no_duplicate(modules: Modules, name: str, fault: str) -> None:
    modules.set_fault(fault, method="PATCH", path="/v1.0/applications")
    modules.set_fault(fault, method="POST", path="/v1.0/servicePrincipals")
    done = modules.run("entra_app", unique_name=name)
    assert done.get("changed") and not modules.untriggered_faults(), done
    assert modules.registration(uniqueName=name)["appId"] == done["app_id"]
    principals = [one for one in modules.emulator.state()["service_principals"] if one["appId"] == done["app_id"]]
    assert [one["id"] for one in principals] == [done["service_principal_id"]]


@pytest.mark.parametrize(
    "lag", [{"requests": 4}, {"requests": 3, "replicas": 1}, {"seconds": 0.6}, {"requests": 3, "seconds": 0.4}])
def test_replication_is_awaited(modules: Modules, name: str, lag: dict[str, Any]) -> None:
    modules.emulator.lag(**lag)
    done = modules.run("entra_app", unique_name=name, display_name=f"Display {name}", consecutive_reads=3)
    assert done.get("changed") and modules.stale_reads(), done
    again = modules.run("entra_app", unique_name=name, display_name=f"Display {name}", consecutive_reads=3)
    assert not again["changed"], again
    modules.emulator.clear_faults()
    assert modules.registration(uniqueName=name)["appId"] == done["app_id"]


def test_a_timeout_is_reported(modules: Modules, name: str) -> None:
    modules.emulator.lag(seconds=30, replicas=1)
    done = modules.run("entra_app", unique_name=name, timeout=2)
    assert done["failed"] and "within 2 seconds" in done["msg"] and done["field"] == "timeout"


def test_retry_after_is_honoured(modules: Modules, name: str) -> None:
    modules.emulator.fault("throttle", method="PATCH", path="applications", times=1, retry_after=2)
    assert modules.run("entra_app", unique_name=name)["changed"]
    throttled, taken = (one for one in modules.requests() if one["method"] == "PATCH")
    assert throttled["status"] == 429 and taken["at"] - throttled["at"] >= 2


def test_throttling_beyond_the_timeout_fails(modules: Modules, name: str) -> None:
    modules.emulator.fault("throttle", path="applications", retry_after=120)
    done = modules.run("entra_app", unique_name=name, timeout=3)
    assert done["failed"] and done["status"] == 429 and "timeout" in done["remedy"]
