# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of role reply_sync, rendered from its templates."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

ROLES = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles"
UNITS = ("catalog-mail-reply-sync.service", "catalog-mail-archive.service", "catalog-mail-archive.timer")
BEGIN, END = "# The service may read its files,", "SystemCallErrorNumber=EPERM"


def unit(name: str, role: str = "reply_sync", systemd: int = 252) -> str:
    """Return a unit as written to a host."""
    values: dict[str, Any] = {
        "reply_sync_runtime_folder": "/opt/catalog-mail",
        "application_runtime_folder": "/opt/catalog-mail",
        "reply_sync__found": {"systemd_version": systemd, "archive": {"enabled": True, "on_calendar": "Mon 03:30"}},
    }
    # As in Ansible: a line with only a block tag is removed.
    folder = FileSystemLoader(ROLES / role / "templates")
    return Environment(loader=folder, trim_blocks=True, autoescape=False).get_template(f"{name}.j2").render(values)  # noqa: S701


def options(name: str, **how: Any) -> RawConfigParser:
    """Return the sections of a unit; the last value of a repeated option."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit(name, **how))
    return parser


def sandbox(text: str) -> str:
    return text[text.index(BEGIN):text.index(END)]


@pytest.mark.parametrize("name", UNITS[:2])
def test_its_sandbox_equals_the_applications(name: str) -> None:
    """The same lines, so that both units have the same restrictions."""
    assert sandbox(unit(name)) == sandbox(unit("catalog-mail.service", role="application"))
    assert options(name)["Service"]["User"] == "catalog-mail"


def test_the_service_always_restarts() -> None:
    service = options(UNITS[0])
    assert service["Service"]["Type"] == "notify"
    assert service["Service"]["ExecStart"] == "/opt/catalog-mail/current/bin/catalog-mail reply-sync"
    assert service["Service"]["Restart"] == "always"
    assert service["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("systemd, grows", [(252, False), (254, True), (257, True)])
def test_pauses_grow_where_systemd_supports_it(systemd: int, *, grows: bool) -> None:
    service = options(UNITS[0], systemd=systemd)["Service"]
    assert ("RestartSteps" in service) is grows
    assert ("RestartMaxDelaySec" in service) is grows


def test_the_timer_follows_the_calendar_and_catches_up() -> None:
    timer = options(UNITS[2])["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("Mon 03:30", "true")
