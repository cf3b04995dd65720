# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the repository's tests: its folders and files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def collection(root: Path) -> Path:
    return root / "collections/ansible_collections/catalog/mail"


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """Return every file of the repository: tracked by git, or about to be tracked by the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


@pytest.fixture(scope="session")
def ansible(root: Path) -> Callable[..., str]:
    """Run a command of ansible-core outside this checkout: without ansible.cfg, with only the given collections folder."""

    def run(command: str, *arguments: str | Path, collections: Path, cwd: Path) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment |= {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(cwd / "ansible-home")}
        done = subprocess.run(
            [Path(sys.executable).parent / command, *arguments],
            cwd=cwd, env=environment, check=False, capture_output=True, text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
