# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of `.ci/bootstrap`, and its silence when there is nothing to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from labkit import podman


def bootstrap(root: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / ".ci/bootstrap", *arguments],
        env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}"}, check=False, capture_output=True, text=True,
    )


def test_a_second_run_installs_nothing(root: Path):
    bootstrap(root)
    made = (root / ".venv/pyvenv.cfg").stat()
    done = bootstrap(root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    after = (root / ".venv/pyvenv.cfg").stat()
    assert (after.st_ino, after.st_mtime_ns) == (made.st_ino, made.st_mtime_ns), "the environment is not created again"


def test_an_environment_behind_a_link_is_not_emptied(root: Path, tmp_path: Path):
    checkout, other = tmp_path / "checkout", tmp_path / "other"
    (checkout / ".ci").mkdir(parents=True)
    other.mkdir()
    (other / "kept").touch()
    (checkout / ".venv").symlink_to(other)
    shutil.copy(root / ".ci/bootstrap", checkout / ".ci")
    shutil.copy(root / "requirements-dev.txt", checkout)
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: .venv is a link: remove the link")
    assert (other / "kept").exists()


def test_without_root_it_names_the_remedy(root: Path, tmp_path: Path):
    """A user without root, as the script detects one: `id -u` is not 0."""
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = bootstrap(root, "lab", path=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: the lab runs systemd hosts in podman and needs root")
    assert "'make unit' and 'make lint' work" in done.stderr


def test_an_unknown_word_is_refused(root: Path):
    done = bootstrap(root, "labb")
    assert done.returncode == 1
    assert "unknown word 'labb'" in done.stderr


def test_it_installs_every_package_of_the_lab(root: Path):
    [table] = re.findall(r"<<'TABLE'\n(.*?)\nTABLE", (root / ".ci/bootstrap").read_text(), flags=re.S)
    installed = {line.split()[0] for line in table.splitlines()}
    assert set(podman._PROGRAMS.values()) - {"apt"} <= installed
