# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site playbook on a host as administrators and their policies leave it.

Its /tmp runs no programs, new files are readable by their group only, its language is not English, unattended upgrades hold
the lock of the packages for a while, and a package is held back.
"""

from __future__ import annotations

import json

import pytest
from helpers.modules.lab_host import LabHost
from helpers.playbooks import lab, run_ansible

HOST = "catalog13"
WHERE = ("-i", "inventories/lab", "--limit", HOST)
HARDENED = """
mount -t tmpfs -o noexec,nosuid,nodev tmpfs /tmp
printf 'Defaults umask=0027\\nDefaults umask_override\\n' > /etc/sudoers.d/umask
chmod 440 /etc/sudoers.d/umask
printf 'umask 027\\n' > /etc/profile.d/umask.sh
printf 'LANG=de_DE.UTF-8\\nLC_ALL=de_DE.UTF-8\\n' > /etc/default/locale
printf 'DefaultEnvironment=LANG=de_DE.UTF-8\\n' >> /etc/systemd/system.conf
"""
# As unattended-upgrades does; released once a process of the playbook waits for it.
HOLD_LOCK = """
import fcntl, os, time
locks = [open(f"/var/lib/dpkg/{name}", "a") for name in ("lock-frontend", "lock")]
for lock in locks:
    fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(SECONDS)
"""


@pytest.fixture(scope="module", autouse=True)
def _host() -> None:
    """Harden a bare host."""
    lab("up", HOST, "mail")
    lab("reset", HOST)
    LabHost(HOST).sh(HARDENED)


def hold_lock(host: LabHost, seconds: int) -> None:
    """Hold dpkg's lock in the background of the host."""
    host.write("/root/hold.py", HOLD_LOCK.replace("SECONDS", str(seconds)).encode())
    host.sh("systemd-run -q --unit hold python3 /root/hold.py; until systemctl -q is-active hold; do sleep 0.1; done; sleep 1")


def site(*arguments: str, **variables: object) -> tuple[int, str, dict[str, int]]:
    """Run the playbook; return its exit status, its output, and its numbers of tasks."""
    extra = ("--extra-vars", json.dumps(variables)) if variables else ()
    run = run_ansible("ansible-playbook", *WHERE, *arguments, *extra, "playbooks/site.yml",
                      ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")  # fmt: skip
    text = run.stdout + run.stderr
    return run.returncode, text, json.loads(run.stdout)["stats"][HOST]


def test_a_held_package_is_named() -> None:
    host = LabHost(HOST)
    host.sh("apt-get -qq update && apt-mark hold postfix")
    status, text, _numbers = site(site_application=False)
    host.sh("apt-mark unhold postfix")
    assert status != 0
    assert "held" in text.lower()


def test_a_hardened_host_is_set_up_and_sends() -> None:
    host = LabHost(HOST)
    hold_lock(host, 20)
    status, text, _numbers = site()
    assert status == 0, text
    status, text, numbers = site()
    assert (status, numbers["changed"]) == (0, 0), text
    assert host.sh("systemctl is-active catalog-mail.service catalog-mail-reply-sync.service").split() == ["active"] * 2
    run = run_ansible("ansible-playbook", *WHERE, "playbooks/verify.yml")
    assert run.returncode == 0, run.stdout + run.stderr
    # People and monitoring call the command as other users.
    assert host.sh("runuser -u nobody -- catalog-mail --version").strip().count(".") == 2
