# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab.py clone` copies a host with everything on it, and `lab.py clone 0` leaves nothing of the copies."""
from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Iterator

import pytest
from helpers.waiting import PATIENCE

ORIGIN, CLONE = "catalog12", "clone01"
IMAGES = ("images", "--quiet", "--filter", "reference=localhost/catalog-mail-lab-copy/catalog12:lab1")
# The systemd of many hosts needs more than the kernel's 128.
LIMIT = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")


@pytest.fixture(scope="module")
def cloned(lab) -> Iterator[int]:
    """Copy a host once; return the limit on inotify instances before."""
    lab.on(ORIGIN, "sh", "-c", "echo copied > /root/copied")
    before = int(LIMIT.read_text())
    lab.run("clone", "1")
    yield before
    lab.run("clone", "0")
    lab.on(ORIGIN, "rm", "/root/copied")


def test_a_clone_has_the_files_of_its_origin_and_its_own_name(lab, cloned):
    assert lab.on(CLONE, "cat", "/root/copied") == lab.on(ORIGIN, "cat", "/root/copied") == "copied\n"
    assert lab.on(CLONE, "hostname", "--fqdn").strip() == f"{CLONE}.catalog.test"
    assert "198.18.25.101/24" in lab.on(CLONE, "ip", "address")
    assert lab.on(CLONE, "systemctl", "is-system-running").strip() == "running"
    assert f"{CLONE}    {CLONE}.catalog.test 198.18.25.101" in lab.run("status")


def test_ssh_knows_a_clone_by_its_own_key(lab, cloned):
    key = "/etc/ssh/ssh_host_ed25519_key.pub"
    assert lab.on(CLONE, "cat", key) != lab.on(ORIGIN, "cat", key)
    words = ["ssh", "-F", lab.home / "ssh_config", CLONE, "hostname -s"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.stdout.strip() == CLONE, done.stderr


def test_up_leaves_a_clone_alone(lab, cloned):
    before = lab.containers()
    lab.run("up", ORIGIN)
    assert lab.containers() == before
    assert lab.podman(*IMAGES).strip()


def test_clone_0_removes_the_clones_and_what_was_set_for_them(lab, cloned):
    assert int(LIMIT.read_text()) >= 1024
    lab.run("clone", "0")
    assert int(LIMIT.read_text()) == cloned
    assert f"cml-{CLONE}" not in lab.containers()
    assert lab.podman(*IMAGES).strip() == ""
    assert CLONE not in lab.run("status")


def test_too_many_clones_are_refused(lab):
    done = lab.command("clone", "21")
    assert done.returncode == 1
    assert done.stderr == "lab: There can be at most 20 copies of catalog12.\n"
