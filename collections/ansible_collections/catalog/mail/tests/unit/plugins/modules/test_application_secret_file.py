# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run application_secret_file as Ansible does, on a simulated host in a folder."""

from __future__ import annotations

import grp
import json
import os
import pwd

import pytest

SECRET = "q3Zt0d-Wb_2cV0yqkM4b7gVnH6s8t1Lx2Rj5aYp9EfU="


@pytest.fixture
def run(host):
    def run(check=False, **options):
        names = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}
        return host.run(
            "application_secret_file", check, **{"path": str(host.folder / "key"), "content": SECRET, **names, **options})

    return run


def test_a_missing_file_is_written_once(host, run):
    planned = run(check=True)
    assert planned["changed"] and not (host.folder / "key").exists()
    made = run()
    assert made["changes"] == planned["changes"]
    assert SECRET not in json.dumps(made)
    path = host.folder / "key"
    assert path.read_text() == SECRET + "\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not run(content=f" {SECRET}\n")["changed"]
    assert sorted(one for one in os.listdir(host.folder) if one.startswith(".catalog-mail")) == []


def test_mode_is_corrected(host, run):
    run()
    assert run(check=True, mode="0640")["changes"][0]["name"] == "attributes"
    assert run(mode="0640")["changed"]
    assert (host.folder / "key").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("check", [True, False])
def test_another_secret_is_kept(host, run, check):
    (host.folder / "key").write_text("another\n")
    refused = run(check)
    assert refused["failed"]
    assert refused["msg"].startswith(f"content: {host.folder}/key holds another secret. Keep that one, or set replace: true")
    assert "another\n" == (host.folder / "key").read_text()
    assert run(check, replace=True)["changed"]
    assert (host.folder / "key").read_text() == ("another\n" if check else SECRET + "\n")


def test_an_empty_file_is_filled(host, run):
    (host.folder / "key").write_text("\n")
    assert run()["changed"]
    assert (host.folder / "key").read_text() == SECRET + "\n"


def test_an_unknown_secret_is_for_check_mode_only(host, run):
    assert run(check=True, content="")["changed"]
    assert run(content="")["msg"] == "content: it is empty. Give the secret."


def test_a_missing_folder_is_named(host, run):
    refused = run(path=str(host.folder / "none/key"))
    assert refused["msg"].startswith(f"path: there is no folder {host.folder}/none. Create it")
