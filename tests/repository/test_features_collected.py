# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pytest collects tests from each file that the feature page names, without the hosts of the lab."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT, ROOT / "collections/ansible_collections/catalog/mail")
COUNT = re.compile(r"^(\S+): (\d+)$", flags=re.M)


def named() -> dict[str, Path]:
    """Return the files and folders of tests that the page names; each file is in one of two places."""
    page = (ROOT / "docs/features.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`(tests/[\w/.]+?)/?`", page))
    return {path: found for path in paths for place in PLACES if (found := place / path).exists()}


def test_tests_of_each_named_file_are_collected():
    files = {path: found.relative_to(ROOT).as_posix() for path, found in named().items() if found.match("test_*.py")}
    assert len(files) > 100
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", *sorted(files.values())],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTEST_ADDOPTS": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    collected = {name for name, number in COUNT.findall(done.stdout) if int(number) > 0}
    assert sorted(set(files.values()) - collected) == []


def test_each_named_folder_holds_tests():
    folders = [found for found in named().values() if found.is_dir()]
    assert [folder for folder in folders if not any(folder.rglob("test_*.py"))] == []
