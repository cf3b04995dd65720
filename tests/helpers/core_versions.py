# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control nodes with other versions of ansible-core than the environment's.

Versions up to 2.19 run on this machine, in environments of their own. Newer ones need Python 3.12: they run on the lab's
Debian 13 host, with packages that this machine downloads.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Protocol

from helpers.modules.lab_host import LAB, LAB_HOME, Done, LabHost
from helpers.playbooks import ROOT, ansible_environment

CACHE = Path.home() / ".cache/catalog-mail-core"
UV = Path(sys.executable).parent / "uv"
ON_THIS_MACHINE = {"2.17": "2.17.14", "2.18": "2.18.19"}
ON_DEBIAN_13 = {"2.20": "2.20.10", "2.21": "2.21.5"}
CONTROL, PYTHON = "/opt/control", "3.13"
BROUGHT = ("ansible.cfg", "collections", "inventories", "playbooks")
LEFT_OUT = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "tests/output")


class ControlNode(Protocol):
    """Runs Ansible's programs in the root of this checkout, or of a copy."""

    def run(self, program: str, *arguments: str, **variables: str) -> Done:
        """Run `ansible` or `ansible-playbook`; never raises."""


def control_node(version: str) -> ControlNode:
    """Return a control node with this version, such as 2.17; installed once on this machine."""
    if version in ON_THIS_MACHINE:
        return _Environment(ON_THIS_MACHINE[version])
    return _LabControlNode(ON_DEBIAN_13[version])


class _Environment:
    def __init__(self, version: str) -> None:
        self._folder = CACHE / f"{version}-environment"
        if not (self._folder / "complete").exists():
            _install("venv", "--clear", "--python", sys.executable, self._folder)
            _install("pip", "install", "--python", self._folder / "bin/python", f"ansible-core=={version}")
            (self._folder / "complete").touch()

    def run(self, program: str, *arguments: str, **variables: str) -> Done:
        environment = {**ansible_environment(**variables), "PATH": f"{self._folder}/bin:{os.environ['PATH']}"}
        command = [self._folder / "bin" / program, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout, done.stderr)


class _LabControlNode:
    def __init__(self, version: str) -> None:
        self._host = LabHost("catalog13")
        packages = CACHE / f"{version}-packages"
        if not (packages / "complete").exists():
            _install("pip", "install", "--target", packages, "--python-version", PYTHON, "--python-platform", "linux",
                     "--only-binary", ":all:", f"ansible-core=={version}")  # fmt: skip
            (packages / "complete").touch()
        self._bring(packages)

    def run(self, program: str, *arguments: str, **variables: str) -> Done:
        # `python -m ansible` takes the part of the program's name behind the dash.
        words = [program.partition("-")[2] or "adhoc", *arguments]
        settings = {"PYTHONPATH": f"{CONTROL}/packages", "CATALOG_MAIL_LAB": LAB, "LC_ALL": "C.UTF-8", "HOME": str(Path.home())}
        return self._host.exec("env", "-C", CONTROL, "python3", "-m", "ansible", *words, variables={**settings, **variables})

    def _bring(self, packages: Path) -> None:
        """Copy Ansible, this checkout's playbooks, and the lab's keys and passwords, to the same places."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w", dereference=True) as archive:
            archive.add(packages, f"{CONTROL}/packages", filter=_chosen)
            for name in BROUGHT:
                archive.add(ROOT / name, f"{CONTROL}/{name}", filter=_chosen)
            for path in (*LAB_HOME.iterdir(), *(LAB_HOME / "ssh").iterdir()):
                if path.is_file():  # no sockets of connections
                    archive.add(path, str(path))
        self._host.sh(f"rm -rf {CONTROL}; tar -x -C / -f -; chown -R root: {LAB_HOME}", stdin=content.getvalue())


def _install(*words: str | Path) -> None:
    done = subprocess.run([UV, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _chosen(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if any(part in item.name for part in LEFT_OUT) else item
