# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version to use, and the changes that bring it into use."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.runtime_plan import RuntimeState, plan, wanted_version

OWN, OLD, OLDER = "0.2.0-b-py3.11", "0.1.0-b-py3.11", "0.1.0-a-py3.11"
GOOD = RuntimeState(
    folder="/opt", intact=(OLD, OWN), damaged=(), current=OWN, attributes="0755 root:root", command="/bin/c",
    command_target="/opt/current/c", command_desired="/opt/current/c")


@pytest.mark.parametrize("intact,current,previous,wanted", [
    ((), "", False, OWN),
    ((OLD,), OLD, False, OWN),
    ((OLD, OWN), OWN, True, OLD),
    ((OLDER, OLD, OWN), OLD, True, OLD),
    ((OLDER, OLD, OWN), OWN, True, OLDER),
    ((OWN,), OWN, True, ""),
    ((OWN,), OLD, True, ""),
], ids=[
    "nothing there", "upgrade", "back", "back already", "two to go back to", "nothing to go back to", "previous is damaged"])
def test_version_to_use(intact, current, previous, wanted):
    assert wanted_version(OWN, previous, intact, current) == wanted


@pytest.mark.parametrize("state,changes", [
    ({}, []),
    ({"current": OLD}, [("current", OLD, OWN)]),
    ({"intact": (OLD,), "damaged": (OWN,)}, [("installation", "damaged", "complete")]),
    ({"intact": (), "current": ""}, [("installation", "missing", "complete"), ("current", "", OWN)]),
    ({"attributes": "0700 root:root"}, [("/opt", "0700 root:root", "0755 root:root")]),
    ({"command_target": ""}, [("/bin/c", "", "/opt/current/c")]),
])
def test_changes(state, changes):
    assert [(one["name"], one["before"], one["after"]) for one in plan(replace(GOOD, **state), OWN)] == changes
