# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python packages that the plugins import are the ones that users are told to install."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

COLLECTION = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail"
PLUGINS = sorted((COLLECTION / "plugins").rglob("*.py"))
EXECUTION_ENVIRONMENT = yaml.safe_load((COLLECTION / "meta/execution-environment.yml").read_text())


def named_packages(path: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports, also those that `library("name")` imports for it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "library":
            [argument] = node.args
            assert isinstance(argument, ast.Constant), f"{path.name}: library() is given no plain name"
            yield str(argument.value).partition(".")[0]


def lower_bounds(requirements: list[str]) -> dict[str, str]:
    """Return package -> lowest version; a requirement without one fails."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([a-z0-9-]+) ?>= ?([0-9.]+)", requirement)
        assert match, f"{requirement!r} is not of the form package>=version"
        found[match[1]] = match[2]
    return found


@pytest.fixture(scope="module")
def packages() -> dict[str, str]:
    """Read the packages and lowest versions of the execution environment."""
    lines = (COLLECTION / EXECUTION_ENVIRONMENT["dependencies"]["python"]).read_text().splitlines()
    return lower_bounds([line for line in lines if line and not line.startswith("#")])


def test_execution_environment_names_what_plugins_import(packages: dict[str, str]):
    imported = {name for path in PLUGINS for name in named_packages(path)}
    assert imported - sys.stdlib_module_names - {"ansible", "ansible_collections"} == set(packages)


def test_execution_environment_names_files_that_exist():
    assert EXECUTION_ENVIRONMENT["version"] == 3
    assert [name for name in EXECUTION_ENVIRONMENT["dependencies"].values() if not (COLLECTION / name).is_file()] == []


def test_missing_package_is_named_with_the_same_version(packages: dict[str, str]):
    """The error of a module with a missing package names the command that installs it."""
    [path] = [path for path in PLUGINS if re.search(r"^REQUIREMENTS = ", path.read_text(), flags=re.M)]
    [value] = [node.value for node in ast.parse(path.read_text()).body
               if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "REQUIREMENTS"]
    assert lower_bounds(list(ast.literal_eval(value).values())) == packages


def test_documentation_names_the_same_versions(packages: dict[str, str], root: Path, tmp_path: Path, ansible):
    groups = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text())["action_groups"]
    names = [f"catalog.mail.{name}" for name in groups["microsoft"]]
    shown = json.loads(
        ansible("ansible-doc", "--type", "module", "--json", *names, collections=root / "collections", cwd=tmp_path))
    assert {name: lower_bounds(parts["doc"]["requirements"]) for name, parts in shown.items()} == dict.fromkeys(names, packages)


def test_readme_names_the_same_versions(packages: dict[str, str]):
    readme = (COLLECTION / "README.md").read_text()
    requirements = readme[readme.index("## Requirements"):readme.index("## Use")]
    for name, version in packages.items():
        assert re.search(rf"`{name}`\s+{re.escape(version)}\b", requirements), name


def test_unit_tests_install_the_same_versions(packages: dict[str, str]):
    """`ansible-test units` installs the packages of this file and runs the plugins' code with them."""
    lines = (COLLECTION / "tests/unit/requirements.txt").read_text().splitlines()
    assert lower_bounds([line for line in lines if ">=" in line]) == packages
