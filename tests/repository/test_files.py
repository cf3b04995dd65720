"""What holds for the files of the repository, whatever they do."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.module_utils._application.settings_options import SETTINGS

COLLECTION = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail"
ROLES = sorted(path for path in (COLLECTION / "roles").glob("*") if path.is_dir())
MODULES = sorted((COLLECTION / "plugins/modules").glob("*.py"))

# Where packages come from is the machine's own affair (an index, a mirror, a proxy): no file fixes it.
# Joined here, so that this file does not name one either.
REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("docker", "io"), ("quay", "io"), ("ghcr", "io"),
    ("gcr", "io"), ("galaxy", "ansible", "com"), ("deb", "debian", "org"), ("archive", "ubuntu", "com"),
)]
# A path of the machine that a file was written on means nothing on any other.
PRIVATE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|workspace|Users|builds)/\w")
HEADER = "SPDX-License-Identifier: GPL-3.0-or-later"


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def test_no_file_names_a_package_registry(files: list[Path], root: Path):
    found = [(path.relative_to(root).as_posix(), name) for path in files for name in REGISTRIES if name in text(path)]
    assert found == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on(files: list[Path], root: Path):
    found = [(path.relative_to(root).as_posix(), match.group()) for path in files
             for match in PRIVATE_PATH.finditer(text(path))]
    assert found == []


def test_every_locked_requirement_has_a_version_and_hashes(root: Path):
    """What uv installs is fixed to the byte, and says nothing about where it comes from."""
    lock = text(root / "requirements-dev.txt")
    assert not re.search(r"^\s*-", re.sub(r"^ +--hash=sha256:[0-9a-f]{64}( \\)?$", "", lock, flags=re.M), flags=re.M)
    for requirement in re.split(r"\n(?=[a-z])", lock[lock.index("\naio"):].strip()):
        assert re.match(r"[a-z0-9-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_no_file_is_left_of_a_merge_or_an_editor(files: list[Path], root: Path):
    leftovers = {".orig", ".rej", ".bak", ".swp", ".retry"}
    assert [path.relative_to(root) for path in files if path.suffix in leftovers] == []


@pytest.mark.parametrize("path", sorted((COLLECTION / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_every_plugin_file_names_its_licence(path: Path):
    assert HEADER in "\n".join(text(path).splitlines()[:6])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_describes_its_arguments(role: Path):
    """Every variable in defaults is described, under the same default, and begins with the role's name."""
    options = yaml.safe_load(text(role / "meta/argument_specs.yml"))["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load(text(role / "defaults/main.yml"))
    assert set(defaults) <= set(options)
    assert [name for name in options if not name.startswith(f"{role.name}_")] == []
    assert [name for name, option in options.items() if not option.get("description")] == []


def shape(options: dict[str, Any]) -> dict[str, Any]:
    """Of options at any depth: type, choices, whether they are secret, and those below them."""
    return {
        name: (option.get("type", "str"), option.get("choices"), bool(option.get("no_log")), shape(option.get("options", {})))
        for name, option in options.items()}


@pytest.mark.parametrize("section", SETTINGS)
def test_the_role_of_the_settings_takes_what_its_module_takes(section: str):
    specification = yaml.safe_load(text(COLLECTION / "roles/email_settings/meta/argument_specs.yml"))
    options = specification["argument_specs"]["main"]["options"][f"email_settings_{section}"]["options"]
    assert shape(options) == shape(SETTINGS[section]["options"])


def documentation(path: Path, name: str) -> str:
    for node in ast.parse(text(path)).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == [name]:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path.name} has no {name}")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_example_is_a_named_task_in_full(path: Path):
    tasks = yaml.safe_load(documentation(path, "EXAMPLES"))
    assert isinstance(tasks, list)
    for task in tasks:
        assert task["name"], task
        [module] = [key for key in task if key.startswith(("catalog.mail.", "ansible.builtin."))]
        assert task[module] is None or isinstance(task[module], dict)
    assert any(f"catalog.mail.{path.stem}" in task for task in tasks)


def test_make_help_lists_every_target_that_people_call(root: Path):
    makefile = text(root / "Makefile")
    helped = set(re.findall(r"^([a-z]+):.*## ", makefile, flags=re.M))
    assert {"quickstart", "test", "unit", "lint", "sanity", "integration", "molecule", "bench", "clean"} <= helped
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.M)
    assert set(re.findall(r"^([a-z]+):", makefile, flags=re.M)) == set(phony.split())
