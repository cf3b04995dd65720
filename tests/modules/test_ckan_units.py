# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""email_settings restarts the units of CKAN after a change, also when a run is killed; the unit here stands for CKAN.

Molecule's scenario ckan runs CKAN itself.
"""
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.modules.lab_host import CODE, LabHost

INI, UNIT = "/etc/ckan-test/ckan.ini", "ckan-test.service"
STARTED = "/run/ckan-test-started"
RECORDS = "/var/lib/catalog-mail-settings"
TEXT = "[app:main]\nuse = egg:ckan\nsmtp.mail_from = old@example.com\n"
SERVICE = f"""\
[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=-/etc/ckan-test/env
ExecStart=/bin/sh -c '! grep -q broken {INI} && cp {INI} {STARTED}'
"""
MODULE = "ansible_collections.catalog.mail.plugins.modules.email_settings"
ROUNDS = 12


@pytest.fixture
def ckan(debian12: LabHost) -> Iterator[LabHost]:
    """Return a host with a file and a unit of CKAN; the unit copies what it has read."""
    debian12.sh(f"rm -rf /etc/ckan-test {RECORDS}; mkdir /etc/ckan-test; mkdir -p /etc/systemd/system")
    debian12.sh(f"cat > /etc/systemd/system/{UNIT}", stdin=SERVICE.encode())
    debian12.sh(f"cat > {INI}", stdin=TEXT.encode())
    debian12.sh(f"systemctl daemon-reload; systemctl start {UNIT}")
    yield debian12
    debian12.sh(f"systemctl stop {UNIT}; rm -rf /etc/systemd/system/{UNIT} /etc/ckan-test {RECORDS} {STARTED}")
    debian12.sh("systemctl daemon-reload")


def options(address: str, **more: Any) -> dict[str, Any]:
    return {
        "application": "ckan", "ckan": {"config_file": INI, "units": [UNIT]}, "test": False,
        "notifications": {"from": {"address": address}, **more}}


def in_use(host: LabHost) -> bool:
    """Whether the unit has read the present file."""
    return host.exec("cmp", "-s", INI, STARTED).code == 0


def test_a_change_restarts_the_unit_once(ckan: LabHost) -> None:
    planned = ckan.module("email_settings", options("new@example.com"), check=True)
    assert planned["changed"] and planned["restarted"] == [] and ckan.read(INI).decode() == TEXT
    made = ckan.module("email_settings", options("new@example.com"))
    assert made["changes"] == planned["changes"] and made["restarted"] == [UNIT]
    assert in_use(ckan) and b"new@example.com" in ckan.read(INI)
    begun = ckan.sh(f"stat -c %Y.%y {STARTED}")
    assert not ckan.module("email_settings", options("new@example.com"))["changed"]
    assert ckan.sh(f"stat -c %Y.%y {STARTED}") == begun and ckan.sh(f"ls -A {RECORDS}") == ""


def test_a_unit_that_does_not_start_gets_the_earlier_file_back(ckan: LabHost) -> None:
    refused = ckan.module("email_settings", options("broken@example.com"))
    assert refused["failed"] and UNIT in refused["msg"]
    assert ckan.read(INI).decode() == TEXT and in_use(ckan) and ckan.sh(f"ls -A {RECORDS}") == ""
    assert ckan.sh(f"systemctl is-active {UNIT}").strip() == "active"


@pytest.mark.parametrize("environment", ["CKAN_SMTP_MAIL_FROM=e@example.com", "# c\nA=1\nCKAN_SMTP_MAIL_FROM='e@example.com'"])
def test_a_variable_of_the_unit_counts_before_the_file(ckan: LabHost, environment: str) -> None:
    ckan.sh("cat > /etc/ckan-test/env", stdin=environment.encode())
    here = {name: value for name, value in options("").items() if name in ("application", "ckan")}
    found = ckan.module("email_settings_info", here)
    assert found["settings"]["notifications"]["from"]["address"] == "e@example.com"
    refused = ckan.module("email_settings", options("new@example.com"))
    assert refused["failed"] and refused["field"] == "notifications.from.address"
    assert "CKAN_SMTP_MAIL_FROM of /etc/ckan-test/env" in refused["cause"] and ckan.read(INI).decode() == TEXT
    assert not ckan.module("email_settings", options("e@example.com"))["changed"]


def test_an_unknown_unit_is_refused(ckan: LabHost) -> None:
    given = options("new@example.com")
    given["ckan"]["units"] = ["no-such.service"]
    refused = ckan.module("email_settings", given)
    assert refused["failed"] and refused["field"] == "ckan.units" and ckan.read(INI).decode() == TEXT


def test_killed_at_any_moment(ckan: LabHost) -> None:
    """The file is old or new, and after the next run the unit has read it."""
    begun = time.monotonic()
    ckan.module("email_settings", options("first@example.com"))
    whole_run = time.monotonic() - begun
    for number in range(ROUNDS):
        wanted, seconds = options(f"user{number}@example.com"), whole_run * (0.2 + number / ROUNDS)
        before = ckan.read(INI)
        ckan.exec(
            "timeout", "-s", "KILL", f"{seconds:.3f}", "python3", "-m", MODULE, variables={"PYTHONPATH": CODE},
            stdin=json.dumps({"ANSIBLE_MODULE_ARGS": wanted}).encode())
        found = ckan.read(INI)
        after = before.replace(before.splitlines()[-1], f"smtp.mail_from = user{number}@example.com".encode())
        assert found in (before, after)
        mended = ckan.module("email_settings", wanted)
        assert "failed" not in mended, mended
        assert in_use(ckan)
        assert not ckan.module("email_settings", wanted)["changed"]
        assert ckan.sh(f"ls -A /etc/ckan-test {RECORDS} | grep '^[.]' || true") == ""
