# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible's programs and lab.py as a user of this checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lab(*words: str) -> None:
    """Run lab.py with these arguments. Fails with its output."""
    command = [sys.executable, ROOT / "molecule/shared/lab.py", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def ansible_environment(**more: str) -> dict[str, str]:
    """Return the environment of Ansible's programs, with the settings of this checkout and `more` variables."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **more}


def run_ansible(program: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs in the root of this checkout, with these environment variables; never raises."""
    environment = ansible_environment(**variables)
    # The program of this environment, whatever the caller's PATH.
    command = [Path(sys.executable).parent / program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
