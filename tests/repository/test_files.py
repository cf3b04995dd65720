# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for every file of the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from ansible_collections.catalog.mail.plugins.module_utils._application.settings_options import SETTINGS

COLLECTION = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail"
ROLES = sorted(path for path in (COLLECTION / "roles").glob("*") if path.is_dir())
MODULES = sorted((COLLECTION / "plugins/modules").glob("*.py"))

# The origin of packages is a setting of the machine (an index, a mirror, a proxy): no file fixes it.
# Joined here, so that this file contains no such name either.
REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("docker", "io"), ("quay", "io"), ("ghcr", "io"),
    ("gcr", "io"), ("galaxy", "ansible", "com"), ("deb", "debian", "org"), ("archive", "ubuntu", "com"),
)]
# A path of one developer's machine is invalid on any other.
PRIVATE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|workspace|Users|builds)/\w")
# Joined, so that no tool takes these lines for the licence of this file.
HEADER = (
    "Copyright (c) 2026 The catalog.mail authors",
    "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "SPDX-License" + "-Identifier: GPL-3.0-or-later",
)
SOURCE = {
    ".cfg", ".conf", ".j2", ".mako", ".py", ".pyi", ".service", ".sh", ".sieve", ".timer", ".toml", ".yaml", ".yml",
}
SOURCE_NAMES = {".ansible-lint", ".gitattributes", ".gitignore", ".yamllint", "Makefile"}
# Generated, encrypted, or short-lived.
WITHOUT_HEADER = re.compile(r"/changelogs/(changelog\.yaml|fragments/)|/vault\.yml$")
E_MAIL_TEMPLATE = re.compile(r"/catalog_mail/templates/[\w.]+\.(html|txt)$")


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def test_no_file_names_a_package_registry(files: list[Path], root: Path):
    found = [(path.relative_to(root).as_posix(), name) for path in files for name in REGISTRIES if name in text(path)]
    assert found == []


def test_no_file_names_a_path_of_a_developers_machine(files: list[Path], root: Path):
    found = [(path.relative_to(root).as_posix(), match.group()) for path in files
             for match in PRIVATE_PATH.finditer(text(path))]
    assert found == []


def test_every_locked_requirement_has_a_version_and_hashes(root: Path):
    """Each package is pinned by version and hashes, and no line names an index."""
    lock = text(root / "requirements-dev.txt")
    assert not re.search(r"^\s*-", re.sub(r"^ +--hash=sha256:[0-9a-f]{64}( \\)?$", "", lock, flags=re.M), flags=re.M)
    for requirement in re.split(r"\n(?=[a-z])", lock[lock.index("\naio"):].strip()):
        assert re.match(r"[a-z0-9-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_no_leftover_of_a_merge_or_an_editor(files: list[Path], root: Path):
    leftovers = {".orig", ".rej", ".bak", ".swp", ".retry"}
    assert [path.relative_to(root) for path in files if path.suffix in leftovers] == []


def is_source(path: Path) -> bool:
    name = path.as_posix()
    if path.is_symlink() or WITHOUT_HEADER.search(name):
        return False
    known = path.suffix in SOURCE or path.name in SOURCE_NAMES or E_MAIL_TEMPLATE.search(name)
    return bool(known) or path.read_bytes().startswith(b"#!")


def header(path: Path) -> tuple[str, ...]:
    """Return the three lines at the top of a file, without shebang, coding line, `---` and comment markers."""
    lines = [line for line in text(path).splitlines()[:6] if not re.match(r"#!|# -\*- coding|---", line)]
    return tuple(re.sub(r"^(# |\{#- | {4})", "", line) for line in lines[:3])


def test_every_source_file_begins_with_the_same_header(files: list[Path], root: Path):
    sources = [path for path in files if is_source(path)]
    assert len(sources) > 700
    assert [path.relative_to(root).as_posix() for path in sources if header(path) != HEADER] == []


def test_a_header_in_a_jinja_template_renders_nothing(files: list[Path]):
    templates = [path for path in files if path.suffix == ".j2" or E_MAIL_TEMPLATE.search(path.as_posix())]
    assert templates
    for path in templates:
        comment, found, _rest = text(path).partition("-#}\n")
        assert (found, comment.startswith("{#-")) == ("-#}\n", True), path
        assert jinja2.Environment(autoescape=True).from_string(comment + found).render() == ""


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_describes_its_arguments(role: Path):
    """Every variable in defaults is described, under the same default, and begins with the role's name."""
    options = yaml.safe_load(text(role / "meta/argument_specs.yml"))["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load(text(role / "defaults/main.yml"))
    assert set(defaults) <= set(options)
    assert [name for name in options if not name.startswith(f"{role.name}_")] == []
    assert [name for name, option in options.items() if not option.get("description")] == []


def shape(options: dict[str, Any]) -> dict[str, Any]:
    """Return options at any depth by type, choices, secrecy, and suboptions."""
    return {
        name: (option.get("type", "str"), option.get("choices"), bool(option.get("no_log")), shape(option.get("options", {})))
        for name, option in options.items()}


@pytest.mark.parametrize("section", SETTINGS)
def test_the_settings_role_has_the_options_of_its_module(section: str):
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


def test_make_help_lists_every_public_target(root: Path):
    makefile = text(root / "Makefile")
    helped = set(re.findall(r"^([a-z]+):.*## ", makefile, flags=re.M))
    assert {"quickstart", "test", "unit", "lint", "sanity", "integration", "molecule", "bench", "clean"} <= helped
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.M)
    assert set(re.findall(r"^([a-z]+):", makefile, flags=re.M)) == set(phony.split())
