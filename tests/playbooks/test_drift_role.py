# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role drift on a control node: Debian 13 with the newest ansible-core, which looks at Debian 12 by SSH."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.core_versions import CONTROL, ON_DEBIAN_13, control_node
from helpers.modules.lab_host import LAB_HOME, LabHost
from helpers.playbooks import lab, run_ansible

CONTROL_NODE, TARGET = "catalog13", "catalog12"
SECRETS = "/root/drift"
STATE = "/var/lib/catalog-mail-drift"
KEPT = "/home/ops/kept-by-drift"
PROGRAM = f"#!/bin/sh\nPYTHONPATH={CONTROL}/packages exec python3 -m ansible playbook \"$@\"\n"
# The content is a variable that only the password of the vault opens.
PLAY = [{
    "name": "Look", "hosts": "all", "gather_facts": False, "check_mode": "{{ not drift_correct }}",
    "vars": {"drift__report": True, "ansible_python_interpreter": "/usr/bin/python3"}, "vars_files": [f"{CONTROL}/vault.yml"],
    "tasks": [{"name": "Keep a file", "ansible.builtin.copy": {"content": "{{ word }}\n", "dest": KEPT, "mode": "0600"}}]}]


def address() -> str:
    """Return the address of the target on the lab's network."""
    found = re.search(rf"Host {TARGET}\n(?:.*\n)*?\s*HostName (\S+)", (LAB_HOME / "ssh_config").read_text())
    assert found
    return found[1]


def apply(folder: Path, *words: str, **variables: Any) -> str:
    """Apply the role to the control node, and return the output."""
    playbook = folder / "role.yml"
    given = {
        "drift_project": CONTROL, "drift_inventory": [f"{CONTROL}/drift-hosts.ini"],
        "drift_command": f"{CONTROL}/ansible-playbook", "drift_playbook": f"{CONTROL}/drift-play.yml",
        "drift_ssh_key_file": f"{SECRETS}/key", "drift_vault_password_file": f"{SECRETS}/password",
        "drift_on_calendar": "*-01-01 05:00", "drift_correct": True, **variables}
    playbook.write_text(json.dumps([{
        "name": "Control node", "hosts": CONTROL_NODE, "gather_facts": False,
        "roles": [{"role": "catalog.mail.drift", "vars": given}]}]))
    done = run_ansible("ansible-playbook", "-i", "inventories/lab", playbook, *words)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def node() -> Iterator[LabHost]:
    lab("up", CONTROL_NODE, TARGET)
    control_node(list(ON_DEBIAN_13)[-1])
    host = LabHost(CONTROL_NODE)
    host.sh(f"mkdir -p -m 0700 {SECRETS}; printf 'open sesame' > {SECRETS}/password; rm -rf {STATE}; chmod 0755 {CONTROL}")
    host.write(f"{SECRETS}/key", (LAB_HOME / "ssh/id_ed25519").read_bytes())
    host.write(f"{CONTROL}/ansible-playbook", PROGRAM.encode())
    host.write(f"{CONTROL}/drift-play.yml", json.dumps(PLAY).encode())
    options = "-o StrictHostKeyChecking=accept-new"
    host.write(f"{CONTROL}/drift-hosts.ini", f"{address()} ansible_user=ops ansible_ssh_common_args='{options}'\n".encode())
    host.sh(f"""
        chmod 0755 {CONTROL}/ansible-playbook; chmod 0600 {SECRETS}/*; chmod -R o+rX {CONTROL}
        cd {CONTROL}; printf 'word: swordfish\\n' > vault.yml
        PYTHONPATH=packages python3 -m ansible vault encrypt --vault-password-file {SECRETS}/password vault.yml
        chmod 0644 vault.yml
    """)
    LabHost(TARGET).sh(f"rm -f {KEPT}")
    yield host
    lab("reset", CONTROL_NODE)


def test_the_timer_runs_it_as_its_user(node: LabHost, tmp_path: Path) -> None:
    """Key and vault password are root's alone; the run corrects, and the next one is silent; history and reports stay."""
    assert "drift_on_calendar: Failed to parse" in apply(tmp_path, drift_on_calendar="now and then")
    assert "failed=0" in apply(tmp_path, "--check")
    assert "failed=0" in apply(tmp_path)
    assert "changed=0" in apply(tmp_path)
    assert node.sh("systemctl is-enabled catalog-mail-drift.timer") == "enabled\n"
    assert node.sh("systemctl is-active catalog-mail-drift.timer") == "active\n"
    assert "01-01 05:" in node.sh("systemctl list-timers catalog-mail-drift.timer")

    for state in ("corrected", "none"):
        node.sh("systemctl start catalog-mail-drift.service || { journalctl -u catalog-mail-drift -n 50; exit 1; }")
        report = json.loads(node.read(f"{STATE}/last.json"))
        assert (report["state"], report["hosts"]) == (state, [address()]), report
    assert LabHost(TARGET).sh(f"cat {KEPT}") == "swordfish\n"
    assert node.sh(f"stat -c '%U %a' {STATE}/last.json {STATE}/history.jsonl").splitlines() == [
        "catalog-mail-drift 644", "catalog-mail-drift 640"]
    assert "open sesame" not in node.sh("journalctl -u catalog-mail-drift")


def test_a_run_by_hand_is_the_same(node: LabHost, tmp_path: Path) -> None:
    """As root it takes key and password along, continues as the user, and obeys the settings of this run."""
    apply(tmp_path, drift_correct=False)
    LabHost(TARGET).sh(f"echo other > {KEPT}")
    looked = node.exec("catalog-mail-drift")
    assert looked.code == 2, looked.out + looked.err
    assert "other -> (none)" in looked.out
    corrected = node.exec("catalog-mail-drift", "drift_correct=true", "drift_limit=0")
    assert corrected.code == 0, corrected.out + corrected.err
    assert node.sh(f"stat -c %U {STATE}/last.json") == "catalog-mail-drift\n"
    assert node.exec("sh", "-c", "ls -d /dev/shm/catalog-mail-drift-*").code != 0
    assert "runs" in node.sh("catalog-mail-drift history")


def test_the_role_removes_it(node: LabHost, tmp_path: Path) -> None:
    """Reports and history stay."""
    assert "failed=0" in apply(tmp_path, drift_state="absent")
    assert "changed=0" in apply(tmp_path, drift_state="absent")
    assert node.exec("systemctl", "cat", "catalog-mail-drift.timer").code != 0
    assert node.exec("sh", "-c", f"ls {STATE}/history.jsonl").code == 0
