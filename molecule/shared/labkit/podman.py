# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of podman, always with the lab's own containers.conf. Decides nothing."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from labkit.definition import SHARED
from labkit.state import LabError

CONTAINERS_CONF = SHARED / "containers.conf"

_PROGRAMS = {
    "podman": "podman", "runc": "runc", "conmon": "conmon", "catatonit": "catatonit", "mmdebstrap": "mmdebstrap",
    "/usr/lib/podman/netavark": "netavark", "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "iptables": "iptables", "openssl": "openssl", "setpriv": "util-linux",
    "ssh": "openssh-client", "apt-get": "apt",
}
"""Program or file that must be there -> the Debian package that brings it."""


def check_machine() -> None:
    """Raise LabError with a sentence that says what to install, if the machine cannot run the lab."""
    if os.geteuid() != 0:
        raise LabError("The lab needs root: it runs whole systemd hosts in podman. Run this as root (sudo).")
    path = environment()["PATH"]
    missing = sorted(
        package for program, package in _PROGRAMS.items() if not shutil.which(program, os.F_OK, path=path)
    )
    if missing:
        raise LabError(
            f"The lab needs packages that this machine does not have: {' '.join(missing)}. "
            f"Install them, on Debian: apt-get install --no-install-recommends {' '.join(missing)}"
        )


def environment() -> dict[str, str]:
    """The environment for podman and mmdebstrap. Root's PATH lacks the sbin folders after a plain `su`."""
    path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "CONTAINERS_CONF": str(CONTAINERS_CONF)}


def attempt(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run podman and return how it went. Its output is text, whatever the bytes."""
    done = subprocess.run(
        ["podman", *arguments], stdin=subprocess.DEVNULL, capture_output=True, env=environment(), check=False
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def run(*arguments: str) -> str:
    """Run podman and return its output. Raises LabError with podman's own words if it fails."""
    done = attempt(*arguments)
    if done.returncode != 0:
        raise LabError(f"podman {' '.join(arguments[:2])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def query(*arguments: str) -> Any:
    """Run podman with `--format json` and return what it answered."""
    return json.loads(run(*arguments, "--format", "json") or "[]")
