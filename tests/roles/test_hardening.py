# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of the units: memory, tasks, addresses, core files, and the time of the watchdog."""

from __future__ import annotations

import pytest
from catalog_mail.watchdog import LONGEST_WORK
from helpers.units import APPLICATION, ARCHIVE, REPLY_SYNC, options

SERVICES = (APPLICATION, REPLY_SYNC, ARCHIVE)
PREFIX = {APPLICATION: "application", REPLY_SYNC: "reply_sync", ARCHIVE: "reply_sync"}
# The largest numbers of threads: of senders, requests and the engine with a concurrency of 100; of posts to another catalog.
THREADS = {APPLICATION: 251, REPLY_SYNC: 64 + 10, ARCHIVE: 10}


@pytest.mark.parametrize("name", SERVICES)
def test_mounts_are_private_and_no_core_is_written(name: str) -> None:
    service = options(name)["Service"]
    assert (service["PrivateMounts"], service["LimitCORE"]) == ("yes", "0")


@pytest.mark.parametrize("name", SERVICES)
def test_memory_and_tasks_are_limited(name: str) -> None:
    service = options(name)["Service"]
    assert service["MemoryMax"] == "1G"
    assert int(service["TasksMax"]) > 1.5 * THREADS[name]
    changed = options(name, **{f"{PREFIX[name]}_memory_max": "3G"})["Service"]
    assert changed["MemoryMax"] == "3G"


@pytest.mark.parametrize("name", SERVICES)
def test_addresses_are_limited_to_those_named(name: str) -> None:
    """The settings name the servers, so by default only groups of addresses are denied."""
    service = options(name)["Service"]
    assert service["IPAddressDeny"] == "multicast"
    assert "IPAddressAllow" not in service
    named = options(name, **{f"{PREFIX[name]}_ip_address_allow": ["10.0.0.0/8", "fd00::/8"]})["Service"]
    assert (named["IPAddressDeny"], named["IPAddressAllow"]) == ("any", "localhost 10.0.0.0/8 fd00::/8")


@pytest.mark.parametrize("name", [APPLICATION, REPLY_SYNC])
def test_the_watchdog_restarts_a_service_that_hangs(name: str) -> None:
    service = options(name)["Service"]
    assert int(service["WatchdogSec"]) >= 180, "a busy host is no hang"
    assert service["Type"] == "notify"
    assert service["Restart"] in {"always", "on-failure"}


def test_each_kind_of_hang_may_last_equally_long() -> None:
    """Work on one message that goes on for too long, and work that lets no other thread run, not even the one that beats."""
    assert int(options(REPLY_SYNC)["Service"]["WatchdogSec"]) == LONGEST_WORK


def test_the_archive_has_no_watchdog() -> None:
    """The archive run ends by itself, and its unit limits the time."""
    service = options(ARCHIVE)["Service"]
    assert (service["Type"], service["TimeoutStartSec"]) == ("oneshot", "1h")
    assert "WatchdogSec" not in service
