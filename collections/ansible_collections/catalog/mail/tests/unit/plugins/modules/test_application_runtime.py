# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions in a folder: complete, damaged, linked. Tests of the site playbook install real ones."""

from __future__ import annotations

import os

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.runtime_versions import (
    RuntimeVersions,
    digest,
    link_target,
    replace_link,
)

OWN, OLD = "0.2.0-b-py3.11", "0.1.0-a-py3.11"


@pytest.fixture
def folder(tmp_path):
    """Two complete versions, one that is not, and the two links."""
    for name in (OLD, OWN, "0.3.0-c-py3.11"):
        packages = tmp_path / name / "lib/packages"
        packages.mkdir(parents=True)
        (packages / "code.py").write_text("1\n")
        (packages / "python").symlink_to("/usr/bin/python3")
    (tmp_path / OWN / ".complete").write_text(digest(str(tmp_path / OWN)) + "\n")
    (tmp_path / OLD / ".complete").touch()
    (tmp_path / "current").symlink_to(OWN)
    (tmp_path / "proven").symlink_to(OLD)
    return tmp_path


def is_intact(folder, version=OWN):
    return RuntimeVersions(str(folder)).is_intact(version, unknown=False)


def test_complete_versions_are_listed_and_links_are_not(folder):
    assert RuntimeVersions(str(folder)).complete() == [OLD, OWN]
    assert RuntimeVersions(str(folder / "none")).complete() == []


def test_a_version_without_a_digest(folder):
    versions = RuntimeVersions(str(folder))
    assert (versions.is_intact(OLD, unknown=True), versions.is_intact(OLD, unknown=False)) == (True, False)


@pytest.mark.parametrize("damage", [
    lambda top: (top / "lib/packages/code.py").unlink(),
    lambda top: (top / "lib/packages/code.py").write_text("12\n"),
    lambda top: os.utime(top / "lib/packages/code.py", (1, 1)),
    lambda top: (top / "lib/packages/code.py").chmod(0o600),
    lambda top: (top / "lib/packages/more.py").touch(),
    lambda top: (top / "lib/packages").chmod(0o700),
    lambda top: replace_link(str(top / "lib/packages/python"), "/usr/bin/true", str(top / "aside")),
], ids=["removed", "longer", "of another time", "of another mode", "added", "folder of another mode", "link"])
def test_damage_is_noticed(folder, damage):
    assert is_intact(folder)
    damage(folder / OWN)
    assert not is_intact(folder)


def test_compiled_files_and_smaller_times_do_not_count(folder):
    cache = folder / OWN / "lib/packages/__pycache__"
    cache.mkdir()
    (cache / "code.pyc").touch()
    code = folder / OWN / "lib/packages/code.py"
    seconds = int(code.stat().st_mtime)
    os.utime(code, (seconds, seconds))
    assert is_intact(folder)


def test_a_link_takes_the_place_of_anything(folder):
    path, aside = str(folder / "command"), str(folder / "command.new")
    for target in ("/a", "/b"):
        os.symlink("/left", aside)
        replace_link(path, target, aside)
        assert link_target(path) == target
    assert link_target(str(folder / OWN)) == ""
