# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planned changes for each state of the application's service."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.application_service_plan import ApplicationState, plan

RIGHT = ApplicationState(enabled=True, active=True, ready=True, stale=False, version="2", proven_version="2")


@pytest.mark.parametrize("differences,expected", [
    ({}, []),
    ({"enabled": False}, [("enabled", False, True)]),
    ({"active": False, "ready": False}, [("service", "stopped", "running")]),
    ({"ready": False}, [("service", "not ready", "running")]),
    ({"ready": False, "stale": True}, [("service", "not ready", "running")]),
    ({"stale": True}, [("service", "running with older files", "running")]),
    ({"proven_version": "1"}, [("proven_version", "1", "2")]),
    ({"proven_version": ""}, [("proven_version", "", "2")]),
    ({"version": "", "proven_version": ""}, []),
    ({"stale": True, "version": "3"}, [
        ("service", "running with older files", "running"), ("proven_version", "2", "3")]),
    ({"enabled": False, "active": False, "ready": False, "proven_version": ""}, [
        ("enabled", False, True), ("service", "stopped", "running"), ("proven_version", "", "2")]),
])
def test_changes(differences, expected):
    changes = plan(replace(RIGHT, **differences))
    assert [(one["name"], one["before"], one["after"]) for one in changes] == expected
