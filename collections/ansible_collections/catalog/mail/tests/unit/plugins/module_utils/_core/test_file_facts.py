# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are compared with their desired state."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._core.file_facts import (
    ExpectedFile,
    FileState,
    expected_file,
    mode_bits,
)
from ansible_collections.catalog.mail.plugins.module_utils._core.file_transaction import file_state

FOUND = FileState("ab12", 0o640, "root", "catalog-mail")


@pytest.mark.parametrize("expected,found,differs", [
    ({}, FOUND, False),
    ({}, None, True),
    ({"present": False}, None, False),
    ({"present": False}, FOUND, True),
    ({"sha256": "ab12", "mode": 0o640, "owner": "root", "group": "catalog-mail"}, FOUND, False),
    ({"sha256": "cd34"}, FOUND, True),
    ({"mode": 0o600}, FOUND, True),
    ({"mode": 0}, FOUND, True),
    ({"owner": "catalog-mail"}, FOUND, True),
    ({"group": "root"}, FOUND, True),
])
def test_difference(expected, found, differs):
    assert ExpectedFile("/f", **expected).differs_from(found) is differs


@pytest.mark.parametrize("restart,missing,changed", [
    ("changed", True, True), ("missing", True, False), ("never", False, False)])
def test_a_difference_restarts_the_service(restart, missing, changed):
    file = ExpectedFile("/f", mode=0o600, restart=restart)
    assert (file.restarts(None), file.restarts(FOUND)) == (missing, changed)
    assert ExpectedFile("/f", mode=0o640, restart=restart).restarts(FOUND) is False


def test_the_removal_of_a_file_restarts_nothing():
    assert ExpectedFile("/f", present=False).differs_from(FOUND)
    assert ExpectedFile("/f", present=False).restarts(FOUND) is False


@pytest.mark.parametrize("expected,found,desired", [
    ({"keep": True, "mode": 0o600}, FOUND, "0600 root:catalog-mail"),
    ({"keep": True, "owner": "a", "group": "b"}, FOUND, "0640 a:b"),
    ({"keep": True, "mode": 0o640, "owner": "root"}, FOUND, ""),
    ({"keep": True, "mode": 0o600}, None, ""),
    ({"mode": 0o600}, FOUND, ""),
])
def test_attributes_that_are_kept(expected, found, desired):
    assert ExpectedFile("/f", **expected).kept(found) == desired


def test_options_of_a_file():
    option = {
        "path": "/f", "state": "absent", "sha256": "ab12", "mode": "0640", "owner": "root", "group": None, "keep": True,
        "restart": "never"}
    assert expected_file(option) == ExpectedFile("/f", False, "ab12", 0o640, "root", None, True, "never")
    assert expected_file({**option, "mode": None, "state": "present"}).mode is None


@pytest.mark.parametrize("text", ["", "rw", "0988", "-640", "64", "100640"])
def test_a_mode_that_is_not_an_octal_number(text):
    with pytest.raises(InputRefused, match="is not an octal number"):
        mode_bits(text)


def test_state_of_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    path.chmod(0o604)
    assert file_state(str(path)).shown() == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "mode": "0604",
        "owner": path.owner(), "group": path.group()}
    assert file_state(str(tmp_path / "none")) is None
    assert file_state(str(tmp_path)) is None
    assert file_state(str(path / "below")) is None
