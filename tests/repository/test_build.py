# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection in its installed form: built from its own folder, installed into an empty path, documented."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

# Allowed names at the tarball's top level. Any other file is junk or missing here.
TOP_LEVEL = {
    "CHANGELOG.md", "FILES.json", "LICENSE", "LICENSES", "MANIFEST.json", "README.md", "REUSE.toml",
    "changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles", "tests",
}
JUNK = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ansible", "output", ".git"}


@pytest.fixture(scope="module")
def tarball(collection: Path, tmp_path_factory: pytest.TempPathFactory, ansible) -> Path:
    folder = tmp_path_factory.mktemp("build")
    build = ("collection", "build", collection, "--output-path", folder)
    ansible("ansible-galaxy", *build, collections=folder, cwd=folder)
    [built] = folder.glob("catalog-mail-*.tar.gz")
    return built


@pytest.fixture(scope="module")
def members(tarball: Path) -> list[str]:
    with tarfile.open(tarball) as archive:
        return archive.getnames()


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory, ansible) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    ansible(
        "ansible-galaxy", "collection", "install", "--offline", tarball, "--collections-path", folder,
        collections=folder, cwd=folder,
    )
    return folder


def module_names(collection: Path) -> list[str]:
    return sorted(path.stem for path in (collection / "plugins/modules").glob("*.py"))


def test_root_galaxy_yml_links_into_the_collection(root: Path, collection: Path):
    assert (root / "galaxy.yml").is_symlink()
    assert (root / "galaxy.yml").resolve() == collection / "galaxy.yml"
    assert not (collection / "galaxy.yml").is_symlink()


def test_root_docs_links_into_the_collection(root: Path, collection: Path):
    assert (root / "docs").is_symlink()
    assert not (root / "docs").readlink().is_absolute()
    assert (root / "docs").resolve() == collection / "docs"


def test_tarball_holds_modules_roles_playbooks_docs(collection: Path, members: list[str]):
    patterns = (
        "plugins/modules/*.py", "plugins/module_utils/**/*.py", "roles/*/tasks/*.yml", "playbooks/*.yml", "docs/*.md",
    )
    wanted = [
        path.relative_to(collection).as_posix()
        for pattern in patterns
        for path in collection.glob(pattern)
    ]
    assert wanted
    assert not set(wanted) - set(members)


def test_tarball_holds_no_junk(members: list[str]):
    assert {name.partition("/")[0] for name in members} <= TOP_LEVEL
    assert [name for name in members if JUNK & set(name.split("/")) or name.endswith((".pyc", ".orig", ".retry"))] == []


def test_every_copy_of_the_licence_is_the_same(root: Path, collection: Path):
    """Real files in the collection, which is built without the rest of the repository."""
    copies = [folder / name for folder in (root, collection) for name in ("LICENSE", "LICENSES/GPL-3.0-or-later.txt")]
    assert {copy.read_bytes() for copy in copies} == {(root / "LICENSE").read_bytes()}
    assert [copy for copy in copies if copy.is_symlink()] == []


def test_installed_collection_names_the_licence_of_every_file(installed: Path):
    collection = installed / "ansible_collections/catalog/mail"
    done = subprocess.run([Path(sys.executable).parent / "reuse", "--root", collection, "lint", "--lines"],
                          check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_installed_module_is_documented(collection: Path, installed: Path, ansible):
    names = [f"catalog.mail.{name}" for name in module_names(collection)]
    shown = json.loads(
        ansible("ansible-doc", "--type", "module", "--json", *names, collections=installed, cwd=installed)
    )
    assert sorted(shown) == sorted(names)
    for name, parts in shown.items():
        assert parts["doc"]["short_description"], name
        assert parts["doc"]["attributes"].keys() >= {"check_mode", "diff_mode"}, f"{name}: attributes"
        assert parts["examples"].strip(), f"{name}: EXAMPLES"
        assert parts["return"], f"{name}: RETURN"


def test_every_installed_role_is_documented(collection: Path, installed: Path, ansible):
    names = [f"catalog.mail.{path.name}" for path in (collection / "roles").iterdir()]
    shown = json.loads(ansible("ansible-doc", "--type", "role", "--json", *names, collections=installed, cwd=installed))
    assert sorted(shown) == sorted(names)
    for name, role in shown.items():
        assert role["entry_points"]["main"]["options"], name


def test_action_groups_name_the_modules_that_exist(collection: Path):
    groups = yaml.safe_load((collection / "meta/runtime.yml").read_text())["action_groups"]
    everything = {name for members in groups.values() for name in members if isinstance(name, str)}
    assert everything == set(module_names(collection))
