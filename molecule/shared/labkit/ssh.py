# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reach the lab's hosts by SSH: the user's key, the hosts' keys, ssh_config, known_hosts and persistent connections.

All files are in the lab's folder: `ssh_config`, and in `ssh/` the keys, `known_hosts` and the sockets of persistent
connections, named USER@HOST. A host keeps its key when it is created again.
"""
from __future__ import annotations

import hashlib
import pathlib
import shlex
import socket
import subprocess
from collections.abc import Iterable

from labkit import network
from labkit.definition import ADMIN, EVERY_HOST, OPS, Host
from labkit.state import LabError, home, host_passwords, write

_SSHD = """\
# Logins need the lab's key.
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
MaxSessions 100
MaxStartups 100
"""
_SUDOERS = f"{OPS} ALL=(ALL:ALL) NOPASSWD: ALL\n{ADMIN} ALL=(ALL:ALL) ALL\n"
_UNIT = """\
[Service]
# Set the passwords that sudo asks for before sshd accepts a login.
ExecStartPre=/bin/sh -c 'chpasswd --encrypted </etc/lab-logins'
"""
_ALL_HOSTS = """\
Host *
    User {user}
    IdentityFile "{folder}/id_ed25519"
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile "{folder}/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    UpdateHostKeys no
    PreferredAuthentications publickey
    BatchMode yes
    ConnectTimeout 10
    ControlMaster auto
    ControlPath "{folder}/%r@%n"
    ControlPersist 60s
    ServerAliveInterval 5
    ServerAliveCountMax 3
    LogLevel ERROR
"""
_LONGEST_HOME = 60
"""Longest path of the lab's folder, in characters. A socket's path has at most 107 (unix(7)); ssh adds 17 to create it."""


def config() -> pathlib.Path:
    """Return the path of the ssh_config for this lab's hosts."""
    return home() / "ssh_config"


def ensure() -> None:
    """Create missing keys and passwords, and write known_hosts and ssh_config if they differ.

    Raises LabError when the path of the lab's folder is too long for a socket, or ssh-keygen fails.
    """
    if len(str(home())) > _LONGEST_HOME:
        raise LabError(
            f"The path of the lab's folder {home()} is longer than {_LONGEST_HOME} characters, too long for the "
            "sockets of SSH connections. Name a shorter one with CATALOG_MAIL_LAB_HOME."
        )
    host_passwords()
    _folder().mkdir(mode=0o700, exist_ok=True)
    _make_key("id_ed25519")
    for host in EVERY_HOST.values():
        _make_key(_host_key(host))
    _write(_folder() / "known_hosts", "".join(_known(host) for host in EVERY_HOST.values()))
    hosts = "".join(f"Host {host.name}\n    HostName {host.address}\n" for host in EVERY_HOST.values())
    everywhere = _ALL_HOSTS.format(user=OPS, folder=str(_folder()).replace("%", "%%"))
    _write(config(), f"# The hosts of the lab, written by lab.py:  ssh -F {config()} catalog12\n{hosts}{everywhere}")


def files_for(host: Host) -> dict[str, tuple[bytes, int]]:
    """Return the files of a host for SSH and sudo, as content.Files: host key, authorized keys, sudo's rules and passwords."""
    key = _folder() / _host_key(host)
    return {
        "etc/ssh/ssh_host_ed25519_key": (key.read_bytes(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": (_public(_host_key(host)).encode(), 0o644),
        "etc/ssh/lab_authorized_keys": (_public("id_ed25519").encode(), 0o644),
        "etc/ssh/sshd_config.d/lab.conf": (_SSHD.encode(), 0o644),
        "etc/sudoers.d/lab": (_SUDOERS.encode(), 0o440),
        "etc/systemd/system/ssh.service.d/lab.conf": (_UNIT.encode(), 0o644),
        "etc/lab-logins": (f"{ADMIN}:{_hashed(host_passwords()[ADMIN])}\n".encode(), 0o600),
    }


def end_connections(hosts: Iterable[Host]) -> None:
    """End the persistent connections to these hosts. A command over a connection to a removed host would hang."""
    for host in hosts:
        for kept in _folder().glob(f"*@{host.name}"):
            # The local ssh process that owns the socket ends the connection, even if the host is gone.
            subprocess.run(
                ["ssh", "-F", str(config()), "-o", f"ControlPath={kept}", "-O", "exit", host.name],
                stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=10,
            )
            kept.unlink(missing_ok=True)


def trouble(host: Host) -> str | None:
    """Return why the host accepts no SSH connection, or None when its sshd answers."""
    try:
        with socket.create_connection((host.address, 22), timeout=2) as connection:
            return None if connection.recv(255).startswith(b"SSH-2.0-") else "port 22 sends no SSH greeting"
    except OSError as error:
        return f"port 22: {error}"


def _folder() -> pathlib.Path:
    return home() / "ssh"


def _host_key(host: Host) -> str:
    return f"host_{host.name}"


def _public(name: str) -> str:
    """Return a public key as a line of authorized_keys."""
    return (_folder() / f"{name}.pub").read_text(encoding="utf-8")


def _known(host: Host) -> str:
    """Return the line of known_hosts for a host, with its names and addresses."""
    addresses = [host.address, host.address6] if network.has_ipv6() else [host.address]
    kind, key = _public(_host_key(host)).split()[:2]
    return f"{','.join([host.name, host.fqdn, *addresses])} {kind} {key}\n"


def _make_key(name: str) -> None:
    """Generate a key pair unless it exists. The private key is renamed last, so that a kill never leaves only the private key."""
    path = _folder() / name
    if path.exists() and path.with_name(f"{name}.pub").exists():
        return
    new = path.with_name(f"{name}.new")
    for left in (new, new.with_name(f"{new.name}.pub")):
        left.unlink(missing_ok=True)
    _program("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"catalog.mail lab {name}", "-f", str(new))
    new.with_name(f"{new.name}.pub").rename(path.with_name(f"{name}.pub"))
    new.rename(path)


def _hashed(password: str) -> str:
    """Hash a password for /etc/shadow. The salt is derived from the password, so that the file does not change."""
    salt = hashlib.sha256(b"catalog-mail-lab" + password.encode()).hexdigest()[:16]
    return _program("openssl", "passwd", "-6", "-salt", salt, "-stdin", given=f"{password}\n").strip()


def _program(*words: str, given: str = "") -> str:
    """Run a program and return its output. Raises LabError with its error message when it fails."""
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{shlex.join(words[:2])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _write(path: pathlib.Path, content: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        write(path, content)
