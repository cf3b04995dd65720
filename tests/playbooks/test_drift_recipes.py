# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes for pipelines are valid, and their commands run: they look for drift and leave the reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.playbooks import ROOT

RECIPES = ROOT / "docs/recipes"
COLLECTION = ROOT / "collections/ansible_collections/catalog/mail"
BIN = Path(sys.executable).parent
SECRETS = {"SSH_KEY": "key-of-the-test", "VAULT_PASSWORD": "open sesame"}


@dataclass(frozen=True)
class Step:
    """Commands of a recipe: their text, and the variables that only they see."""

    commands: str
    variables: dict[str, str]


def recipe(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RECIPES / name).read_text())
    return found


def github() -> tuple[dict[str, str], list[Step]]:
    """Return the variables and the steps of the recipe for GitHub Actions, with the values that GitHub fills in."""
    job = recipe("github-actions.yml")["jobs"]["drift"]
    filled = {**job["env"], "CORRECT": "false"}
    return filled, [
        Step(step["run"], SECRETS if "env" in step else {}) for step in job["steps"] if "run" in step]


def gitlab(folder: Path) -> tuple[dict[str, str], list[Step]]:
    """Return the variables and the steps of the recipe for GitLab CI, with the variables of type File."""
    job = recipe("gitlab-ci.yml")["drift"]
    files = {name: folder / name for name in SECRETS}
    for name, path in files.items():
        path.write_text(SECRETS[name])
    variables = {**job["variables"], **{name: str(path) for name, path in files.items()}}
    return variables, [Step(line, {}) for line in job["before_script"] + job["script"]]


def repository(folder: Path) -> Path:
    """Make a repository with an inventory of one host that no network has."""
    (folder / "inventory").mkdir(parents=True)
    (folder / "inventory/hosts.yml").write_text("catalog: {hosts: {away.invalid: {ansible_timeout: 5}}}")
    (folder / "requirements.yml").write_text(json.dumps({"collections": [{"name": str(COLLECTION), "type": "dir"}]}))
    (folder / "known_hosts").touch()
    return folder


@pytest.mark.parametrize("schema, name", [("github-workflows", "github-actions.yml"), ("gitlab-ci", "gitlab-ci.yml")])
def test_a_recipe_is_valid(schema: str, name: str) -> None:
    """The schemas come with check-jsonschema. `reference` of GitLab is not used."""
    words = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", RECIPES / name]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_the_commands_of_a_recipe_run(tmp_path: Path, system: str) -> None:
    """The host is away, so that the look ends with 1 and with reports; all other commands succeed, and print no secret."""
    here = repository(tmp_path / "repository")
    variables, steps = github() if system == "github" else gitlab(tmp_path)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), **variables}
    for step in steps:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", step.commands], cwd=here, env={**environment, **step.variables}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        looks = "ansible-playbook" in step.commands
        assert done.returncode == (1 if looks else 0), done.stdout
        assert not any(secret in done.stdout for secret in SECRETS.values())
        if looks:
            assert "Could not look at everything: unreachable: away.invalid" in done.stdout
    report = json.loads((here / "drift.json").read_text())
    assert report["unreachable"] == ["away.invalid"]
    assert "Could not look" in (here / "drift.html").read_text()
    if system == "github":
        assert (tmp_path / "summary").read_text() == f"{report['summary']}\n"
        assert not (tmp_path / "ssh_key").exists()
    else:
        assert 'errors="1"' in (here / "drift.xml").read_text()


def test_gitlab_shows_drift_as_a_warning_and_keeps_the_reports() -> None:
    job = recipe("gitlab-ci.yml")["drift"]
    assert job["allow_failure"] == {"exit_codes": [2]}
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"] == {"junit": job["variables"]["CATALOG_MAIL_DRIFT_JUNIT"]}
