# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entra refuses a write that meets another one to the same object: the modules try again, and write once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.modules.graph_modules import Modules

SECONDS = 2.0
CONFLICT = 409
STEPS: dict[str, dict[str, Any]] = {
    "entra_app": {"display_name": "renamed"},
    "entra_app_credential": {},
    "graph_permissions": {"permissions": ["Mail.Send"]},
}


@pytest.fixture(autouse=True)
def _conflicts(entra: Running) -> Iterator[None]:
    yield
    entra.options(write_conflict_seconds=0.05)


@pytest.mark.parametrize("module", ["entra_app", "entra_app_credential"])
def test_a_write_that_meets_another_is_repeated(modules: Modules, app: dict[str, Any], module: str) -> None:
    """The first step writes the application; the second comes while the directory is still busy with that."""
    modules.emulator.options(write_conflict_seconds=SECONDS)
    assert modules.run("entra_app", unique_name=app["unique_name"], display_name="first")["changed"]
    modules.emulator.forget_requests()
    done = modules.run(module, unique_name=app["unique_name"], **STEPS[module])
    assert done.get("changed"), done
    writes = [one for one in modules.requests() if one["method"] != "GET" and not one["path"].endswith("/$batch")]
    refused = [one for one in writes if one["status"] == CONFLICT]
    taken = [one for one in writes if one["status"] < 300]
    assert refused
    assert len(taken) == 1, "the write took effect once"
    modules.emulator.options(write_conflict_seconds=0)
    assert not modules.run(module, unique_name=app["unique_name"], **STEPS[module])["changed"]


@pytest.mark.parametrize("status, code", [(409, "Directory_ConcurrencyViolation"), (412, "ErrorIrresolvableConflict"),
                                          (423, "Locked"), (503, "Directory_ConcurrencyViolation")])  # fmt: skip
@pytest.mark.parametrize("module", [*STEPS, "mailbox_scope"])
def test_each_module_tries_again(modules: Modules, app: dict[str, Any], module: str, status: int, code: str) -> None:
    options = STEPS.get(module, {"roles": ["Mail.Send"], "mailboxes": [f"noreply@{DOMAIN}"]})
    message = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
    for method in ("PATCH", "POST"):
        modules.emulator.fault(
            "fail", method=method, path="applications|servicePrincipals|roleAssignments", times=1, status=status, code=code,
            message=message,
        )  # fmt: skip
    done = modules.run(module, unique_name=app["unique_name"], **options)
    assert done.get("changed"), done
    modules.emulator.clear_faults()
    assert not modules.run(module, unique_name=app["unique_name"], **options)["changed"]


def test_a_conflict_that_lasts_is_reported_with_its_words(modules: Modules, app: dict[str, Any]) -> None:
    modules.emulator.fault(
        "fail", method="PATCH", path="applications", times=None, status=409, code="Directory_ConcurrencyViolation",
        message="Error due to concurrent requests being made to the tenant.",
    )  # fmt: skip
    done = modules.run("entra_app", unique_name=app["unique_name"], display_name="renamed", timeout=4)
    assert done["failed"]
    assert "Directory_ConcurrencyViolation" in done["msg"]
    assert "another" in done["msg"]


def test_another_conflict_is_no_success(modules: Modules, app: dict[str, Any]) -> None:
    """A 409 that neither passes nor says that the object exists is a failure."""
    modules.emulator.fault(
        "fail", method="POST", path="roleAssignments", times=None, status=409, code="Conflict",
        message="The scope is not allowed.",
    )  # fmt: skip
    done = modules.run(
        "mailbox_scope", unique_name=app["unique_name"], roles=["Mail.Send"], mailboxes=[f"noreply@{DOMAIN}"], timeout=10
    )
    assert done["failed"]
    assert "The scope is not allowed" in done["msg"]
