# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The imports of the service keep to its layers: the contracts are in its pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.service.process import SOURCE
from helpers.waiting import PATIENCE

CONTRACTS = SOURCE.parent / "pyproject.toml"


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in this folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", CONTRACTS, "--no-cache"],
        env={**os.environ, "PYTHONPATH": str(source)}, cwd=source, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_imports_keep_to_the_layers():
    done = lint(SOURCE)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("services/tokens.py", "from catalog_mail.adapters import clock"),
        ("domain/mime/text.py", "from catalog_mail.domain.catalog import people"),
        ("domain/settings/fields.py", "from catalog_mail.domain.failures import failure"),
        ("domain/notifications/retry.py", "from catalog_mail.domain.replies import intent"),
        ("domain/replies/archive.py", "from catalog_mail.domain.settings import document"),
        ("domain/errors.py", "from catalog_mail.domain.mime import text"),
    ],
)
def test_an_import_against_the_layers_is_found(tmp_path: Path, file: str, line: str):
    copy = tmp_path / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "catalog_mail" / file).open("a") as source:
        source.write(f"\n{line}\n")
    assert lint(copy).returncode == 1
