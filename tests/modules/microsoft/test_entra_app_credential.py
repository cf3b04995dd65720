# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""entra_app_credential against the emulator: credentials are created, kept and rotated with an overlap, without orphans."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from emulator.running import Running
from helpers.modules.graph_modules import ROOT, Modules

DAY = 86400


def secrets_of(modules: Modules, app: dict[str, Any]) -> dict[str, str]:
    """Return the names of client secrets by key id."""
    there = modules.registration(appId=app["app_id"])
    return {one["keyId"]: one["displayName"] for one in there["passwordCredentials"]}


def certificates_of(modules: Modules, app: dict[str, Any]) -> dict[str, str]:
    there = modules.registration(appId=app["app_id"])
    return {one["keyId"]: one["displayName"] for one in there["keyCredentials"]}


def present(modules: Modules, app: dict[str, Any], **options: Any) -> dict[str, Any]:
    return modules.run("entra_app_credential", unique_name=app["unique_name"], **options)


def absent(modules: Modules, app: dict[str, Any], **options: Any) -> dict[str, Any]:
    return present(modules, app, state="absent", **options)


def test_check_make_again(modules: Modules, app: dict[str, Any]) -> None:
    shown = present(modules, app, check=True, current_key_id="")
    assert shown["changed"] and shown["created"] and "secret" not in shown and shown["key_id"] is None
    assert modules.writes() == [] and secrets_of(modules, app) == {}
    made = present(modules, app, current_key_id="")
    assert made["created"] and made["accepted"] and made["diff"] == shown["diff"]
    assert secrets_of(modules, app) == {made["key_id"]: "catalog.mail"}
    assert modules.emulator.token({**app, "client_secret": made["secret"]})
    assert made["secret"] not in str(made["diff"])

    modules.emulator.forget_requests()
    for known in (None, made["key_id"]):
        again = present(modules, app, current_key_id=known)
        assert not again["changed"] and not again["created"] and "secret" not in again
        assert again["key_id"] == made["key_id"] and again["expires_at"] == made["expires_at"] and again["others"] == []
    assert len(modules.requests()) == 2


def test_rotation_with_an_overlap(entra: Running, modules: Modules, app: dict[str, Any]) -> None:
    first = present(modules, app, current_key_id="", valid_days=60, rotate_before_days=30)
    entra.advance(29 * DAY)
    assert not present(modules, app, current_key_id=first["key_id"], valid_days=60, rotate_before_days=30)["changed"]
    entra.advance(2 * DAY)
    second = present(modules, app, current_key_id=first["key_id"], valid_days=60, rotate_before_days=30)
    assert second["created"] and second["others"] == [first["key_id"]] and second["key_id"] != first["key_id"]
    assert set(secrets_of(modules, app)) == {first["key_id"], second["key_id"]}
    assert entra.token({**app, "client_secret": first["secret"]}) and entra.token({**app, "client_secret": second["secret"]})

    waiting = absent(modules, app, keep_key_id=second["key_id"], grace_seconds=3600)
    assert not waiting["changed"] and waiting["others"] == [first["key_id"]] and waiting["removable_at"]
    entra.advance(3700)
    removed = absent(modules, app, keep_key_id=second["key_id"], grace_seconds=3600)
    assert removed["removed"] == [first["key_id"]] and set(secrets_of(modules, app)) == {second["key_id"]}
    assert not absent(modules, app, keep_key_id=second["key_id"], grace_seconds=3600)["changed"]


def test_a_new_secret_is_removed_after_its_test_failed(modules: Modules, app: dict[str, Any]) -> None:
    first = present(modules, app, current_key_id="")
    second = present(modules, app, current_key_id=first["key_id"], rotate_before_days=200, valid_days=201)
    assert second["created"]
    removed = absent(modules, app, remove_key_id=second["key_id"])
    assert removed["removed"] == [second["key_id"]] and set(secrets_of(modules, app)) == {first["key_id"]}


def test_the_next_run_removes_the_orphan_of_a_killed_run(modules: Modules, app: dict[str, Any]) -> None:
    used = present(modules, app, current_key_id="")
    orphan = present(modules, app, current_key_id=used["key_id"], rotate_before_days=200, valid_days=201)
    foreign = modules.emulator.application(app["unique_name"], secret=True)
    assert foreign["client_secret"]
    found = present(modules, app, current_key_id=used["key_id"])
    assert not found["changed"] and found["key_id"] == used["key_id"] and found["others"] == [orphan["key_id"]]
    # It was never in use, so no grace period applies.
    done = absent(modules, app, keep_key_id=used["key_id"], grace_seconds=3600)
    assert done["removed"] == [orphan["key_id"]]
    assert sorted(secrets_of(modules, app).values()) == ["catalog.mail", "seeded"]
    assert not absent(modules, app, keep_key_id=used["key_id"], grace_seconds=3600)["changed"]


def test_the_previous_kind_of_credential_is_removed(entra: Running, modules: Modules, app: dict[str, Any]) -> None:
    secret = present(modules, app, current_key_id="")
    entra.advance(60)
    certificate = present(modules, app, kind="certificate", current_key_id="")
    assert certificate["of_other_kind"] == [secret["key_id"]] and certificate["others"] == []
    waiting = absent(modules, app, keep_key_id=certificate["thumbprint"], grace_seconds=3600)
    assert not waiting["changed"] and waiting["others"] == [secret["key_id"]] and waiting["removable_at"]
    entra.advance(3700)
    done = absent(modules, app, keep_key_id=certificate["thumbprint"], grace_seconds=3600)
    assert done["removed"] == [secret["key_id"]] and secrets_of(modules, app) == {}
    assert certificates_of(modules, app) == {certificate["key_id"]: "catalog.mail"}


@pytest.mark.parametrize("fault,lag", [("lose", {}), ("lose", {"requests": 4}), ("fail", {"requests": 4}), ("throttle", {})])
def test_a_lost_response_leaves_no_orphan(modules: Modules, app: dict[str, Any], fault: str, lag: dict[str, Any]) -> None:
    modules.emulator.lag(**lag)
    modules.set_fault(fault, method="POST", path="addPassword")
    done = present(modules, app, current_key_id="")
    assert not modules.untriggered_faults()
    modules.emulator.clear_faults()
    assert done["created"] and secrets_of(modules, app) == {done["key_id"]: "catalog.mail"}
    assert modules.emulator.token({**app, "client_secret": done["secret"]})


@pytest.mark.parametrize("kind,method,path", [("secret", "POST", "addPassword"), ("certificate", "PATCH", "applications")])
def test_a_timeout_leaves_no_orphan(modules: Modules, app: dict[str, Any], kind: str, method: str, path: str) -> None:
    """Entra carries out each attempt, and every response is lost until the timeout, unless an attempt meets a removal."""
    used = present(modules, app, kind=kind, current_key_id="")
    modules.emulator.fault("lose", method=method, path=path)
    done = present(modules, app, kind=kind, current_key_id=used["key_id"], rotate_before_days=300, valid_days=301, timeout=4)
    assert done["failed"] and re.search("could not be reached|Directory_ConcurrencyViolation", done["msg"])
    found = secrets_of(modules, app) if kind == "secret" else certificates_of(modules, app)
    assert set(found) == {used["key_id"]}


def test_two_runs_create_secrets_at_the_same_time(modules: Modules, app: dict[str, Any]) -> None:
    """Neither run takes the other's secret for its own lost one."""
    used = present(modules, app, current_key_id="")
    modules.set_fault("delay", method="POST", path="addPassword", seconds=5)
    alone = {"PYTHONPATH": str(ROOT / "collections")}
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(present, modules, app, current_key_id=used["key_id"], renew=True, env=alone)
        while modules.untriggered_faults():
            assert not slow.done(), slow.result()
        quick = present(modules, app, current_key_id=used["key_id"], renew=True)
        assert not slow.done(), "the run was not slower"
    assert set(secrets_of(modules, app)) == {used["key_id"], quick["key_id"], slow.result()["key_id"]}


def test_replication_is_awaited(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.lag(requests=4, token_requests=10)
    done = present(modules, app, current_key_id="", consecutive_reads=3)
    assert done["created"] and done["accepted"]
    refused = [one for one in modules.emulator.requests() if one["path"].endswith("/token") and one["status"] == 401]
    assert refused, "the new secret was known at once"
    assert not present(modules, app, current_key_id=done["key_id"], consecutive_reads=3)["changed"]


def test_a_secret_that_replicates_slowly_is_returned(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.lag(seconds=60, replicas=1)
    done = present(modules, app, current_key_id="", timeout=4)
    modules.emulator.clear_faults()
    assert done["created"] and not done["accepted"] and done["warnings"]
    assert modules.emulator.token({**app, "client_secret": done["secret"]})


def test_the_secret_to_keep_must_exist(modules: Modules, app: dict[str, Any]) -> None:
    present(modules, app, current_key_id="")
    refused = absent(modules, app, keep_key_id="00000000-0000-0000-0000-000000000000", grace_seconds=0)
    assert refused["failed"] and refused["field"] == "keep_key_id" and len(secrets_of(modules, app)) == 1


def test_no_registration(modules: Modules) -> None:
    refused = modules.run("entra_app_credential", unique_name="nobody")
    assert refused["failed"] and "entra_app" in refused["remedy"]
    shown = modules.run("entra_app_credential", check=True, unique_name="nobody")
    assert shown["changed"] and "an earlier task would create it" in shown["warnings"][0]
    assert not modules.run("entra_app_credential", unique_name="nobody", state="absent")["changed"]


def test_certificates_change_without_touching_others(modules: Modules, app: dict[str, Any], tmp_path: Path) -> None:
    first = present(modules, app, kind="certificate", current_key_id="", name="of somebody else")
    shown = present(modules, app, kind="certificate", current_key_id="", check=True)
    made = present(modules, app, kind="certificate", current_key_id="")
    assert made["created"] and made["accepted"] and made["diff"] == shown["diff"]
    assert certificates_of(modules, app) == {first["key_id"]: "of somebody else", made["key_id"]: "catalog.mail"}
    certificate = x509.load_pem_x509_certificate(made["secret"].partition("-----END PRIVATE KEY-----")[2].encode())
    assert certificate.fingerprint(hashes.SHA1()).hex().upper() == made["thumbprint"]  # noqa: S303 -- its name in Entra

    file = tmp_path / "login.pem"
    file.write_text(made["secret"])
    login = {key: value for key, value in modules.login.items() if key != "client_secret"}
    modules.emulator.grant(app["app_id"], "Application.Read.All")
    login |= {"client_id": app["app_id"], "certificate_file": str(file)}
    info = modules.run("entra_app_info", unique_name=app["unique_name"], login=login)
    assert {one["thumbprint"] for one in info["certificates"]} == {first["thumbprint"], made["thumbprint"]}

    for known in (made["key_id"], made["thumbprint"]):
        assert not present(modules, app, kind="certificate", current_key_id=known)["changed"]
    second = present(modules, app, kind="certificate", current_key_id=made["thumbprint"], rotate_before_days=200, valid_days=201)
    assert second["created"] and second["others"] == [made["key_id"]]
    removed = absent(modules, app, kind="certificate", keep_key_id=second["thumbprint"], grace_seconds=0)
    assert removed["removed"] == [made["key_id"]]
    assert certificates_of(modules, app) == {first["key_id"]: "of somebody else", second["key_id"]: "catalog.mail"}
    orphan = present(modules, app, kind="certificate", current_key_id=second["key_id"], rotate_before_days=300, valid_days=301)
    assert orphan["created"]
    again = absent(modules, app, kind="certificate", keep_key_id=second["key_id"])
    assert again["removed"] == [orphan["key_id"]]
    assert certificates_of(modules, app) == {first["key_id"]: "of somebody else", second["key_id"]: "catalog.mail"}


@pytest.mark.parametrize("fault", ["lose", "fail"])
def test_a_lost_response_about_a_certificate(modules: Modules, app: dict[str, Any], fault: str) -> None:
    modules.emulator.lag(requests=4)
    modules.set_fault(fault, method="PATCH", path="applications")
    made = present(modules, app, kind="certificate", current_key_id="")
    assert not modules.untriggered_faults()
    modules.emulator.clear_faults()
    assert made["accepted"] and certificates_of(modules, app) == {made["key_id"]: "catalog.mail"}


def test_a_given_certificate_is_used(modules: Modules, app: dict[str, Any]) -> None:
    made = present(modules, app, kind="certificate", current_key_id="", name="maker")
    public = made["secret"].partition("-----END PRIVATE KEY-----")[2]
    absent(modules, app, kind="certificate", remove_key_id=made["thumbprint"])
    assert certificates_of(modules, app) == {}
    done = present(modules, app, kind="certificate", certificate=public)
    assert done["created"] and "secret" not in done and done["thumbprint"] == made["thumbprint"]
    again = present(modules, app, kind="certificate", certificate=public)
    assert not again["changed"] and again["thumbprint"] == made["thumbprint"]


def test_a_given_certificate_that_has_expired(entra: Running, modules: Modules, app: dict[str, Any]) -> None:
    made = present(modules, app, kind="certificate", current_key_id="", valid_days=31)
    public = made["secret"].partition("-----END PRIVATE KEY-----")[2]
    absent(modules, app, kind="certificate", remove_key_id=made["thumbprint"])
    entra.advance(20 * DAY)
    late = present(modules, app, kind="certificate", certificate=public)
    assert late["created"] and "Give another one" in late["warnings"][0]
    absent(modules, app, kind="certificate", remove_key_id=made["thumbprint"])
    entra.advance(12 * DAY)
    for check in (True, False):
        refused = present(modules, app, kind="certificate", certificate=public, check=check)
        assert refused["failed"] and refused["field"] == "certificate" and "it was valid until" in refused["msg"]
    assert certificates_of(modules, app) == {}


@pytest.mark.parametrize("audience", ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"])
def test_a_third_secret_for_personal_accounts_is_refused(modules: Modules, app: dict[str, Any], audience: str) -> None:
    assert modules.run("entra_app", unique_name=app["unique_name"], sign_in_audience=audience)["changed"]
    first, second = (present(modules, app, current_key_id="")["key_id"] for _ in range(2))
    modules.emulator.forget_requests()
    for check in (True, False):
        refused = present(modules, app, check=check, renew=True)
        assert refused["failed"] and first in refused["cause"] and second in refused["cause"] and modules.writes() == []
        assert "remove_key_id" in refused["remedy"] and "AzureADMyOrg" in refused["remedy"]
    assert absent(modules, app, remove_key_id=first)["changed"]
    assert present(modules, app, renew=True)["created"]
