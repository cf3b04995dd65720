# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make lint` and the hooks of pre-commit run the same checks by the same script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
[LOCAL] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False, capture_output=True, text=True)


def test_every_check_has_a_hook():
    assert LOCAL["repo"] == "local"
    checks = run(".ci/lint", "--list").stdout.split()
    assert len(checks) == len(set(checks)) >= 7
    assert {hook["id"]: hook["entry"] for hook in LOCAL["hooks"]} == {check: f".ci/lint {check}" for check in checks}


@pytest.mark.parametrize("hook", LOCAL["hooks"], ids=lambda hook: hook["id"])
def test_a_hook_runs_on_every_commit_with_local_tools(hook: dict[str, object]):
    assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("system", False, True)


def test_make_lint_is_the_script_with_every_check(root: Path):
    [recipe] = re.findall(r"^lint:.*\n((?:\t.*\n)+)", (root / "Makefile").read_text(), flags=re.M)
    assert recipe == "\t@.ci/lint\n"


def test_the_first_failing_check_ends_the_run(root: Path, tmp_path: Path):
    """The script runs in a checkout whose tools print their names, and whose yamllint fails."""
    for folder in (".ci", ".venv/bin", "collections/ansible_collections/catalog/mail"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy2(root / ".ci/lint", tmp_path / ".ci")
    for name in ("antsibull-changelog", "yamllint", "mypy"):
        tool = tmp_path / ".venv/bin" / name
        tool.write_text(f"#!/bin/sh\necho {name}\n[ {name} != yamllint ]\n")
        tool.chmod(0o755)
    done = run(tmp_path / ".ci/lint", "changelog", "yamllint", "mypy")
    assert (done.returncode, done.stdout.split()) == (1, ["antsibull-changelog", "yamllint"])


def test_an_unknown_check_is_refused():
    done = run(".ci/lint", "ruf")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lint: there is no check 'ruf'; the checks are: ruff mypy ")


def test_pre_commit_runs_a_hook(tmp_path: Path):
    done = run(Path(sys.executable).parent / "pre-commit", "run", "changelog", "--all-files", PRE_COMMIT_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"changelog fragments\.+Passed", done.stdout)
