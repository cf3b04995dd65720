# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planned changes for each state of the units, and the archive's settings."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_sync_service_plan import (
    ARCHIVE,
    SERVICE,
    TIMER,
    ArchiveSettings,
    ReplySyncState,
    archive_settings,
    plan_absent,
    plan_present,
)
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import ApiFailed
from ansible_collections.catalog.mail.plugins.module_utils._core.unit_state import UnitState

OFF = UnitState("inactive")
ON = UnitState("active", enabled=True)
RUNNING = UnitState("active")
ENABLED = UnitState("inactive", enabled=True)
FAILED = UnitState("failed", enabled=True)
STARTING = UnitState("activating", enabled=True)


def state(service=ON, timer=ON, archive=OFF, service_stale=False, timer_stale=False):
    return ReplySyncState({SERVICE: service, ARCHIVE: archive, TIMER: timer}, service_stale, timer_stale)


def named(changes):
    return [(one["name"], one["before"], one["after"]) for one in changes]


@pytest.mark.parametrize("archived,found,expected", [
    (True, state(), []),
    (False, state(timer=OFF), []),
    (True, state(timer=OFF), [(TIMER, "stopped", "running")]),
    (True, state(timer=RUNNING), [(TIMER, "running, not enabled", "running")]),
    (True, state(timer=ENABLED), [(TIMER, "stopped, enabled", "running")]),
    (True, state(timer_stale=True), [(TIMER, "running with older files", "running")]),
    (False, state(), [(TIMER, "running", "stopped")]),
    (False, state(timer=ENABLED), [(TIMER, "stopped, enabled", "stopped")]),
    (False, state(timer=RUNNING, timer_stale=True), [(TIMER, "running, not enabled", "stopped")]),
    (True, state(service=OFF), [(SERVICE, "stopped", "running")]),
    (True, state(service=FAILED), [(SERVICE, "stopped, enabled", "running")]),
    (True, state(service=STARTING), [(SERVICE, "activating", "running")]),
    (True, state(service_stale=True), [(SERVICE, "running with older files", "running")]),
    (True, state(service=UnitState(), timer=UnitState()), [(TIMER, "stopped", "running"), (SERVICE, "stopped", "running")]),
])
def test_present(archived, found, expected):
    assert named(plan_present(found, ArchiveSettings(archived, "Sun 02:00"))) == expected


@pytest.mark.parametrize("found,expected", [
    (state(OFF, OFF), []),
    (state(UnitState(), UnitState(), UnitState()), []),
    (state(UnitState("failed"), OFF), []),
    (state(), [(SERVICE, "running", "stopped"), (TIMER, "running", "stopped")]),
    (state(ENABLED, OFF), [(SERVICE, "stopped, enabled", "stopped")]),
    (state(OFF, OFF, UnitState("activating")), [(ARCHIVE, "activating", "stopped")]),
])
def test_absent(found, expected):
    assert named(plan_absent(found)) == expected


@pytest.mark.parametrize("interactions,enabled", [
    ({"enabled": True, "receiver": "imap"}, True),
    ({"enabled": False, "receiver": "imap"}, False),
    ({"enabled": True, "receiver": "microsoft"}, False),
])
def test_archive_settings(interactions, enabled):
    archive = {"enabled": True, "on_calendar": "Mon 03:30"}
    assert archive_settings({"interactions": {**interactions, "archive": archive}}) == ArchiveSettings(enabled, "Mon 03:30")
    archive["enabled"] = False
    assert archive_settings({"interactions": {**interactions, "archive": archive}}).enabled is False


@pytest.mark.parametrize("settings", [
    {}, {"interactions": None}, {"interactions": {"enabled": True, "receiver": "imap"}},
    {"interactions": {"enabled": False, "receiver": "imap", "archive": {"enabled": True}}},
])
def test_settings_without_an_archive_are_refused(settings):
    with pytest.raises(ApiFailed, match="do not contain when replies are archived"):
        archive_settings(settings)
