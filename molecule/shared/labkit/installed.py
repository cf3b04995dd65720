# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make hosts on which the packages and the application are installed, from images that are made once and shared by all labs."""
from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator

from labkit import images, podman, ssh
from labkit.definition import SHARED, Copy, Host, digest
from labkit.state import LabError, say

_ROOT = SHARED.parents[1]
_COLLECTION = _ROOT / "collections/ansible_collections/catalog/mail"
_PLAYBOOK = SHARED / "install.yml"
_FINGERPRINT = _COLLECTION / "roles/runtime/files/fingerprint.py"
_INSTALLER = _COLLECTION / "plugins/module_utils/_application/runtime_installation.py"
_PREFIX = "localhost/catalog-mail-lab-installed/"
"""Differs from the prefix of the other images, which `up` removes when no host's definition names them."""


@dataclasses.dataclass(frozen=True)
class Installed(Copy):
    """A copy of a host after the playbook install.yml; the version of the application is part of its name."""

    version: str = ""

    def tag(self) -> str:
        """Return the image's name in podman."""
        return f"{_PREFIX}{self.name}:{self.version}"


def of(host: Host) -> Host:
    """Return the host with an image on which everything is installed; the image may not exist yet."""
    words = [sys.executable, "-I", "-S", _FINGERPRINT]
    application = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    version = digest(application, _PLAYBOOK.read_text(), _INSTALLER.read_text(), host.image.tag())
    return dataclasses.replace(host, image=Installed(host.name, host.image.suite, (), version=version))


def exists(host: Host) -> bool:
    """Return whether the image of this host exists."""
    return podman.attempt("image", "exists", host.image.tag()).returncode == 0


def make(host: Host) -> None:
    """Install everything on a bare host, and write its files into the image. The host is stopped then. Raises LabError."""
    _run_playbook(host)
    ssh.end_connections([host])
    podman.run("stop", "--time", "20", host.container)
    installed = of(host)
    images.make_copy(host.container, installed.image)
    for tag in _tags():
        if tag.startswith(f"{_PREFIX}{host.name}:") and tag != installed.image.tag():
            podman.attempt("rmi", tag)  # an image that a host uses stays
    say(f"{host.name}: kept as {installed.image.tag()}, with the application installed.")


def remove_all() -> None:
    """Remove all these images."""
    for tag in _tags():
        podman.run("rmi", "--force", tag)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of these images, so that two labs do not make the same one at the same time."""
    with _PLAYBOOK.open(encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tags() -> list[str]:
    return [name for image in podman.list_images() for name in image.get("Names") or [] if name.startswith(_PREFIX)]


def _run_playbook(host: Host) -> None:
    words = ["-i", _ROOT / "inventories/lab", "--limit", host.name, _PLAYBOOK]
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", *words], cwd=_ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, env={**os.environ, "ANSIBLE_CONFIG": str(_ROOT / "ansible.cfg")},
    )
    if done.returncode != 0:
        raise LabError(f"{_PLAYBOOK.name} has failed on the host {host.name}:\n{done.stdout}{done.stderr}")
