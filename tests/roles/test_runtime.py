# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version names and archives of role runtime: the scripts in its files, run as the role runs them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from helpers.waiting import wait_until

ROLES = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles"
FILES = ROLES / "runtime/files"
IGNORED = shutil.ignore_patterns("__pycache__", ".*_cache", "*.egg-info", "build")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Copy the role's files."""
    return Path(shutil.copytree(FILES, tmp_path / "files", ignore=IGNORED))


def fingerprint(files: Path) -> str:
    """Return the version's name."""
    return subprocess.run(
        [sys.executable, files / "fingerprint.py"], capture_output=True, text=True, check=True).stdout.strip()


def bundle(files: Path, cache: Path, with_wheels: str = "no") -> list[str]:
    """Return the output of bundle.py, split into words."""
    run = subprocess.run(
        [sys.executable, files / "bundle.py", cache, "3.11", "x86_64", with_wheels], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip().split(" ", 1)


def test_generated_files_do_not_change_the_name(files: Path) -> None:
    """Equal sources have the same name in any folder, with or without build products."""
    before = fingerprint(files)
    for folder in ("__pycache__", ".mypy_cache", "build", "catalog_mail.egg-info"):
        (files / "catalog-mail/src" / folder).mkdir()
        (files / "catalog-mail/src" / folder / "file").write_text("left")
    assert fingerprint(files) == before


@pytest.mark.parametrize(
    "name", ["requirements.txt", "pyproject.toml", "src/catalog_mail/cli.py", "src/catalog_mail/templates/layout.html"])
def test_a_change_is_another_version(files: Path, name: str) -> None:
    """Every file that the host receives counts for the name."""
    before = fingerprint(files)
    path = files / "catalog-mail" / name
    path.write_text(path.read_text() + "\n")
    assert fingerprint(files) != before


def test_packed_once(files: Path, tmp_path: Path) -> None:
    """The archive holds the application's wheel and the pins; a second run keeps the archive; the sources stay unchanged."""
    cache = tmp_path / "cache"
    word, archive = bundle(files, cache)
    assert word == "made"
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert "requirements.txt" in names
    assert any(name.startswith("package/catalog_mail-") and name.endswith("-none-any.whl") for name in names)
    assert not any(name.startswith("wheels") for name in names)
    assert bundle(files, cache) == ["kept", archive]
    assert not list((files / "catalog-mail").rglob("*.egg-info"))


def test_killed_while_it_packs(files: Path, tmp_path: Path) -> None:
    """Leftovers of a killed run are not taken for an archive, and are removed."""
    cache = tmp_path / "cache"
    run = subprocess.Popen([sys.executable, files / "bundle.py", cache, "3.11", "x86_64", "no"], start_new_session=True)
    wait_until(lambda: list(cache.glob(".new-*")), "it does not begin to pack")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert not list(cache.glob("*.tar"))
    assert bundle(files, cache)[0] == "made"
    assert not list(cache.glob(".new-*"))


def test_pins_name_no_index() -> None:
    """Every library has a hash; the index is a setting of the machine that installs it."""
    text = (FILES / "catalog-mail/requirements.txt").read_text(encoding="utf-8")
    assert "://" not in text
    pinned = [line for line in text.splitlines() if "==" in line]
    assert pinned
    assert all(line.endswith("\\") for line in pinned)


@pytest.mark.parametrize("role", ["runtime", "application", "email_settings", "reply_sync"])
def test_defaults_and_specification_agree(role: str) -> None:
    """Each default equals the one in meta/argument_specs.yml, and each option has its default, unless required."""
    loader = DataLoader()
    options = loader.load_from_file(str(ROLES / role / "meta/argument_specs.yml"))["argument_specs"]["main"]["options"]
    defaults = loader.load_from_file(str(ROLES / role / "defaults/main.yml"))
    assert defaults == {name: option["default"] for name, option in options.items() if not option.get("required")}
