# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH to the lab's hosts works with a key, known host keys, sudo and persistent connections."""
from __future__ import annotations

import os
import re
import socket
import subprocess
import time

import pytest
from helpers.waiting import PATIENCE

HOSTS = ("mail", "catalog12", "catalog13")


def ssh(lab, host: str, command: str, *options: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["ssh", "-F", lab.home / "ssh_config", *options, host, command],
        input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def host_key(lab, host: str) -> str:
    return lab.on(host, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[1]


def sockets_of(lab) -> set[str]:
    """Return the names of the sockets of persistent connections."""
    return {path.name for path in (lab.home / "ssh").glob("*@*")}


def mux_processes() -> list[str]:
    """Return the process titles of ssh processes that keep a connection open; ssh sets the title itself."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as stream:
                text = stream.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text.startswith("ssh: ") and "[mux]" in text:
            found.append(text)
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_ops_becomes_root_without_a_password(lab, host):
    assert ssh(lab, host, "id -un; sudo -n id -un").split() == ["ops", "root"]


def test_admin_becomes_root_with_a_password(lab):
    password = lab.sudo_password("admin")
    command = "sudo -S -p '' id -un"
    assert ssh(lab, "admin@catalog12", command, stdin=f"{password}\n").split() == ["root"]
    refused = subprocess.run(
        ["ssh", "-F", lab.home / "ssh_config", "admin@catalog12", command],
        input="wrong\n", capture_output=True, text=True, check=False, timeout=PATIENCE,
    )
    assert refused.returncode == 1


def test_each_host_has_its_own_key_and_the_image_none(lab):
    keys = [host_key(lab, host) for host in HOSTS]
    assert len(set(keys)) == len(HOSTS)
    image = lab.podman("inspect", "--format", "{{.ImageName}}", "cml-catalog12").strip()
    listed = lab.podman("run", "--rm", "--network=none", image, "sh", "-c", "ls /etc/ssh /home")
    assert "sshd_config" in listed
    assert "admin\nops\n" in listed
    assert "ssh_host" not in listed


def test_a_host_keeps_its_key_after_restart_and_reset(lab):
    before = host_key(lab, "catalog12")
    lab.podman("restart", "--time", "1", "cml-catalog12")
    lab.run("up")
    assert host_key(lab, "catalog12") == before
    assert ssh(lab, "catalog12", "hostname").strip() == "catalog12.catalog.test"
    lab.run("reset", "catalog12")
    assert ssh(lab, "catalog12", "hostname").strip() == "catalog12.catalog.test"


def test_ssh_refuses_a_host_with_another_key(lab):
    key = "/etc/ssh/ssh_host_ed25519_key"
    lab.on("catalog13", "sh", "-c", f"rm {key}; ssh-keygen -q -t ed25519 -N '' -f {key}; systemctl restart ssh")
    try:
        done = subprocess.run(
            ["ssh", "-F", lab.home / "ssh_config", "-o", "ControlPath=none", "catalog13", "true"],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )
        assert done.returncode == 255
        assert "Host key verification failed" in done.stderr
    finally:
        lab.run("reset", "catalog13")


def test_a_host_is_ready_when_sshd_answers(lab):
    lab.run("reset", "catalog12")
    with socket.create_connection(("198.18.25.12", 22), timeout=PATIENCE) as connection:
        assert connection.recv(255).startswith(b"SSH-2.0-")
    lab.on("catalog12", "systemctl", "stop", "ssh")
    assert "port 22" in next(line for line in lab.run("status").splitlines() if line.startswith("catalog12"))
    lab.run("up")
    assert ssh(lab, "catalog12", "echo reached").strip() == "reached"


def test_reset_ends_the_connections_to_its_host(lab):
    for host in ("catalog12", "catalog13"):
        ssh(lab, host, "true")
    assert {"ops@catalog12", "ops@catalog13"} <= sockets_of(lab)
    lab.run("reset", "catalog12")
    assert "ops@catalog12" not in sockets_of(lab)
    assert "ops@catalog13" in sockets_of(lab)
    start = time.monotonic()
    assert ssh(lab, "catalog12", "echo again").strip() == "again"
    assert time.monotonic() - start < PATIENCE / 2


def test_down_ends_all_persistent_connections(lab):
    ssh(lab, "catalog13", "true")
    ssh(lab, "admin@mail", "true")
    sockets = [f"{lab.home}/ssh/{name}" for name in ("ops@catalog13", "admin@mail")]
    assert all(any(path in process for process in mux_processes()) for path in sockets)
    try:
        lab.run("down")
        assert sockets_of(lab) == set()
        assert not any(path in process for process in mux_processes() for path in sockets)
    finally:
        lab.run("up")


def test_up_only_stops_the_other_bare_hosts(lab):
    lab.on("catalog13", "touch", "/root/kept")
    assert "catalog13: stopped" in lab.run("up", "--only", "catalog12")
    running = lab.podman("ps", "--filter", "name=^cml-", "--format", "{{.Names}}").split()
    assert sorted(running) == ["cml-catalog12", "cml-mail"]
    lab.run("up")
    lab.on("catalog13", "test", "-e", "/root/kept")


def test_keys_and_passwords_are_readable_by_their_owner_only(lab):
    folder = lab.home / "ssh"
    assert folder.stat().st_mode & 0o077 == 0
    keys = [folder / "id_ed25519", lab.home / "ssh_config", lab.home / "sudo.json", *folder.glob("host_*[0-9a-z]")]
    private = [path for path in keys if path.suffix != ".pub"]
    hosts = re.findall(r"^Host (\w+)$", (lab.home / "ssh_config").read_text(), flags=re.MULTILINE)
    assert {"catalog12", "mail"} < set(hosts)
    assert len(private) == len(hosts) + 3
    assert [path.name for path in private if path.stat().st_mode & 0o077] == []
    logins = lab.on("catalog12", "stat", "--format", "%a %U", "/etc/lab-logins", "/etc/ssh/ssh_host_ed25519_key")
    assert logins.split("\n")[:2] == ["600 root", "600 root"]


def test_a_lab_folder_with_a_long_path_is_refused(lab, tmp_path):
    home = tmp_path / ("long" * 20)
    done = subprocess.run(
        [*lab.program, "up", "catalog12"], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "CATALOG_MAIL_LAB_HOME": str(home)},
    )
    assert done.returncode == 1
    assert "Name a shorter one with CATALOG_MAIL_LAB_HOME" in done.stderr
