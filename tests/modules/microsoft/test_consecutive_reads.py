# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules neither change nor report anything on the word of one replica: several consecutive reads have to agree."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.running import DOMAIN
from helpers.modules.graph_modules import Modules

OPTIONS: dict[str, dict[str, Any]] = {
    "entra_app": {"display_name": "renamed"},
    "entra_app_credential": {},
    "graph_permissions": {"permissions": ["Mail.Send"]},
    "mailbox_scope": {"roles": ["Mail.Send"], "mailboxes": [f"noreply@{DOMAIN}"]},
}


def reads_around_the_writes(modules: Modules) -> tuple[int, int]:
    """Return the numbers of reads before the first write and after the last."""
    writes = [bool(one["method"] != "GET" and not one["path"].endswith("/$batch")) for one in modules.requests()]
    return writes.index(True), writes[::-1].index(True)


@pytest.mark.parametrize("module", OPTIONS)
def test_reads_agree_before_and_after_a_write(modules: Modules, app: dict[str, Any], module: str) -> None:
    done = modules.run(module, unique_name=app["unique_name"], consecutive_reads=4, **OPTIONS[module])
    assert done.get("changed"), done
    before, after = reads_around_the_writes(modules)
    modules.emulator.forget_requests()
    assert not modules.run(module, unique_name=app["unique_name"], consecutive_reads=4, **OPTIONS[module])["changed"]
    of_one_read = len(modules.requests())
    assert of_one_read <= 2 and before >= 4 * of_one_read and after >= 4 * of_one_read


def test_consent_is_listed_before_it_is_written(modules: Modules, app: dict[str, Any]) -> None:
    """Consent that is granted already is not granted again."""
    modules.emulator.grant(app["app_id"], "Mail.Send")
    assert modules.run("graph_permissions", unique_name=app["unique_name"], permissions=["Mail.Send", "Mail.Read"])["changed"]
    log = modules.requests()
    listed = [number for number, one in enumerate(log) if one["method"] == "GET" and one["path"].endswith("/appRoleAssignments")]
    written = [number for number, one in enumerate(log) if one["path"].endswith("/appRoleAssignedTo")]
    assert len(written) == 1 and log[written[0]]["status"] == 201 and listed[0] < written[0] < listed[-1]
