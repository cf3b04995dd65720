# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run podman with the lab's containers.conf."""
from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from typing import Any

from labkit.definition import SHARED
from labkit.state import LabError

CONTAINERS_CONF = SHARED / "containers.conf"
_LISTINGS = 10

_PROGRAMS = {
    "podman": "podman", "runc": "runc", "conmon": "conmon", "catatonit": "catatonit", "mmdebstrap": "mmdebstrap",
    "/usr/lib/podman/netavark": "netavark", "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "iptables": "iptables", "openssl": "openssl", "setpriv": "util-linux",
    "ssh": "openssh-client", "apt-get": "apt",
}
"""Required program or file -> the Debian package that contains it."""


def check_machine() -> None:
    """Raise LabError if this machine cannot run the lab; the message names the missing packages."""
    if os.geteuid() != 0:
        raise LabError("The lab runs systemd hosts in podman, which needs root. Run this command as root (sudo).")
    path = environment()["PATH"]
    missing = sorted(
        package for program, package in _PROGRAMS.items() if not shutil.which(program, os.F_OK, path=path)
    )
    if missing:
        raise LabError(
            f"This machine lacks packages that the lab needs: {' '.join(missing)}. "
            f"Install them; on Debian: apt-get install --no-install-recommends {' '.join(missing)}"
        )


def environment() -> dict[str, str]:
    """Return the environment for podman and mmdebstrap. After a plain `su`, PATH lacks the sbin folders; they are added."""
    path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "CONTAINERS_CONF": str(CONTAINERS_CONF)}


def attempt(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run podman; return exit status and output. Bytes that are not UTF-8 are replaced."""
    done = subprocess.run(
        ["podman", *arguments], stdin=subprocess.DEVNULL, capture_output=True, env=environment(), check=False
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def run(*arguments: str) -> str:
    """Run podman and return its output. Raises LabError with podman's error message if it fails."""
    done = attempt(*arguments)
    if done.returncode != 0:
        raise LabError(f"podman {' '.join(arguments[:2])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def query(*arguments: str) -> Any:
    """Run podman with `--format json` and return the parsed output."""
    return json.loads(run(*arguments, "--format", "json") or "[]")


def list_images() -> list[dict[str, Any]]:
    """Return all images. While another lab removes an image, podman fails with its id, and is asked again."""
    for _each in range(_LISTINGS):
        with contextlib.suppress(LabError):
            return list(query("images"))
        time.sleep(0.5)
    return list(query("images"))
