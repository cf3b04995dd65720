# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of role reply_sync, rendered from its templates."""

from __future__ import annotations

import pytest
from helpers.units import APPLICATION, ARCHIVE, REPLY_SYNC, TIMER, options, unit

BEGIN, END = "# The service may read its files,", "SystemCallErrorNumber=EPERM"


def sandbox(text: str) -> str:
    return text[text.index(BEGIN):text.index(END)]


@pytest.mark.parametrize("name", [REPLY_SYNC, ARCHIVE])
def test_its_sandbox_equals_the_applications(name: str) -> None:
    """The same lines, so that both units have the same restrictions."""
    assert sandbox(unit(name)) == sandbox(unit(APPLICATION))
    assert options(name)["Service"]["User"] == "catalog-mail"


def test_the_service_always_restarts() -> None:
    service = options(REPLY_SYNC)
    assert service["Service"]["Type"] == "notify"
    assert service["Service"]["ExecStart"] == "/opt/catalog-mail/current/bin/catalog-mail reply-sync"
    assert service["Service"]["Restart"] == "always"
    assert service["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("systemd, grows", [(252, False), (254, True), (257, True)])
def test_pauses_grow_where_systemd_supports_it(systemd: int, *, grows: bool) -> None:
    service = options(REPLY_SYNC, systemd=systemd)["Service"]
    assert ("RestartSteps" in service) is grows
    assert ("RestartMaxDelaySec" in service) is grows


def test_the_timer_follows_the_calendar_and_catches_up() -> None:
    timer = options(TIMER)["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("Mon 03:30", "true")
