# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository's public address: its fields in galaxy.yml, and `make address`, which changes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = Path("collections/ansible_collections/catalog/mail")
SHOWING = (COLLECTION / "galaxy.yml", COLLECTION / "README.md")
GALAXY = yaml.safe_load((ROOT / COLLECTION / "galaxy.yml").read_text())


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """Copy the files that contain the address or change it."""
    for name in (*SHOWING, Path("Makefile")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tmp_path / name)
    shutil.copytree(root / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".ci/bootstrap").write_text("#!/bin/sh\n")
    return tmp_path


def make_address(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "--no-print-directory", "address", *arguments], cwd=checkout,
                          check=False, capture_output=True, text=True)


def contents(checkout: Path) -> dict[Path, str]:
    return {name: (checkout / name).read_text() for name in SHOWING}


def test_every_file_shows_the_new_address(checkout: Path):
    before = contents(checkout)
    done = make_address(checkout, "URL=https://forge.example.com/data/catalog.mail.git")
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(checkout) == {
        name: text.replace(GALAXY["repository"], "https://forge.example.com/data/catalog.mail") for name, text in before.items()}
    galaxy = yaml.safe_load((checkout / SHOWING[0]).read_text())
    assert galaxy["repository"] == galaxy["homepage"] == "https://forge.example.com/data/catalog.mail"
    assert galaxy["issues"] == "https://forge.example.com/data/catalog.mail/issues"


def test_a_second_run_changes_and_prints_nothing(checkout: Path):
    make_address(checkout, "URL=https://forge.example.com/data/mail")
    once = contents(checkout)
    done = make_address(checkout, "URL=https://forge.example.com/data/mail/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert contents(checkout) == once


def test_changing_back_restores_the_old_files(checkout: Path):
    """Also from an address that begins with the old one."""
    before = contents(checkout)
    make_address(checkout, f"URL={GALAXY['repository']}box")
    assert contents(checkout) != before
    make_address(checkout, f"URL={GALAXY['repository']}")
    assert contents(checkout) == before


def test_a_longer_name_is_another_address(checkout: Path):
    page = checkout / COLLECTION / "README.md"
    other = f"<{GALAXY['repository']}box> <{GALAXY['repository']}-2> <{GALAXY['repository']}.de>\n"
    page.write_text(f"{other}See {GALAXY['repository']}.\n")
    make_address(checkout, "URL=https://forge.example.com/data/mail")
    assert page.read_text() == f"{other}See https://forge.example.com/data/mail.\n"


@pytest.mark.parametrize(("url", "sentence"), [
    ("", "name the repository's public address"),
    ("http://git.example.com/team/mail", "has to begin with https://"),
    ("git@git.example.com:team/mail.git", "has to begin with https://"),
    ("https://git.example.com", "has no path of a repository"),
    ("https://git.example.com/", "has no path of a repository"),
    ("https://git.example.com/team mail", "has no path of a repository"),
    ("https://git.example.com/team/../mail", "has no path of a repository"),
    ("https://git.example.com/team/mail: x", "has no path of a repository"),
    ("https://git/team/mail", "has no full host name"),
    ("https:///team/mail", "has no full host name"),
    ("https://git.example.com:port/team/mail", "is not a web address"),
    ("https://me:word@git.example.com:port/team/mail", "names a user or a password"),
    ("http://me:word@git.example.com/team/mail", "names a user or a password"),
    ("https://git.example.com/team/mail?ref=1", "has a query or a fragment"),
    ("https://git.example.com/team/mail#top", "has a query or a fragment"),
    ("https://git.example.com/team/'; touch x; '", "has no path of a repository"),
])
def test_a_bad_address_is_refused_with_a_sentence(checkout: Path, url: str, sentence: str):
    before = contents(checkout)
    done = make_address(checkout, *([f"URL={url}"] if url else []))
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "word@" not in done.stderr
    assert contents(checkout) == before
    assert not (checkout / "x").exists()


def test_no_other_file_contains_the_address(files: list[Path], root: Path):
    host = re.match(r"https://[^/]+/\w+/", GALAXY["repository"])
    assert host
    showing = {path.relative_to(root) for path in files if host[0].encode() in path.read_bytes() and not path.is_symlink()}
    assert showing == set(SHOWING)


def test_documentation_is_a_folder_of_the_repository(root: Path):
    folder = GALAXY["documentation"].removeprefix(f"{GALAXY['repository']}/tree/HEAD/")
    assert (root / folder / "features.md").is_file()


def test_tags_keep_to_the_rules_of_galaxy():
    """At most 20 unique tags of lower-case letters and digits, one of them a category of Galaxy."""
    tags = GALAXY["tags"]
    assert len(tags) == len(set(tags)) <= 20
    assert [tag for tag in tags if not re.fullmatch(r"[a-z][a-z0-9]{0,63}", tag)] == []
    assert set(tags) & {"application", "cloud", "infrastructure", "linux", "networking", "security", "tools"}
