# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback catalog.mail.drift reports what a run finds, and ends it with a status; the playbook drift needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from helpers.playbooks import run_ansible

SECRET = "open sesame"
WRITE = {"name": "Write", "ansible.builtin.copy": {"dest": "{{ folder }}/file", "content": "a = new\n", "mode": "0600"}}
HIDDEN = {
    "name": "Write the password", "no_log": True,
    "ansible.builtin.copy": {"dest": "{{ folder }}/hidden", "content": SECRET, "mode": "0600"}}
FAIL = {"name": "Fail", "ansible.builtin.fail": {"msg": "The cause."}}
IGNORED = {**FAIL, "ignore_errors": True}
ENABLED = {"ANSIBLE_CALLBACKS_ENABLED": "catalog.mail.drift"}
# Any other callback than this collection's.
OTHER = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.timer"}

VARIABLES = {"drift__report": True, "ansible_python_interpreter": sys.executable}


@dataclass(frozen=True)
class DriftRun:
    """Exit status and output of a run, and its reports."""

    status: int
    output: str
    report: dict[str, Any]
    junit: ElementTree.Element | None


def looked(folder: Path, *tasks: dict[str, Any], correct: bool = False, **play: Any) -> DriftRun:
    """Run tasks on this machine as the playbook drift runs its plays."""
    playbook, files = folder / "play.yml", {kind: folder / f"drift.{kind}" for kind in ("json", "junit", "html")}
    playbook.write_text(json.dumps([{
        "name": "A play", "hosts": "all", "gather_facts": False, "check_mode": not correct, "tasks": list(tasks),
        "vars": {**VARIABLES, "folder": str(folder)}, **play}]))
    done = run_ansible(
        "ansible-playbook", "-i", "localhost,", "-c", "local", playbook, **ENABLED,
        **{f"CATALOG_MAIL_DRIFT_{kind.upper()}": str(path) for kind, path in files.items()})
    report = json.loads(files["json"].read_text()) if files["json"].exists() else {}
    suite = ElementTree.parse(files["junit"]).find("testsuite") if files["junit"].exists() else None  # noqa: S314
    return DriftRun(done.returncode, done.stdout + done.stderr, report, suite)


def playbook(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook drift on a host that no network has; never raises."""
    hosts = ("-i", "away.invalid,", "-e", "catalog_mail_hosts=all")
    return run_ansible("ansible-playbook", *hosts, "playbooks/drift.yml", *arguments, **variables)


def test_drift_is_found_named_and_ends_with_2(tmp_path: Path) -> None:
    """Nothing is changed; a secret only differs; all forms of the report say the same."""
    (tmp_path / "file").write_text("a = old\n")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "hidden").write_text("x")
    run = looked(tmp_path, WRITE, HIDDEN)
    assert run.status == 2, run.output
    assert (tmp_path / "file").read_text() == "a = old\n"
    assert run.report["changes"] == [
        {"host": "localhost", "role": "", "thing": str(tmp_path / "file"), "field": "a", "is": "old", "should_be": "new",
         "corrected": False},
        {"host": "localhost", "role": "", "thing": "Write the password", "field": "content", "is": "differs",
         "should_be": "differs", "corrected": False}]
    assert "a  old -> new" in run.output
    assert "Drift: 2 differences on 1 host. Nothing was changed." in run.output
    assert run.junit is not None and run.junit.get("failures") == "1"
    assert "<del>old</del> &rarr; <ins>new</ins>" in (tmp_path / "drift.html").read_text()
    assert not any(SECRET in path.read_text() for path in tmp_path.glob("drift.*")) and SECRET not in run.output


def test_a_correction_reports_what_it_corrected(tmp_path: Path) -> None:
    """The next look finds nothing and ends with 0."""
    run = looked(tmp_path, WRITE, correct=True)
    assert run.status == 0, run.output
    assert (tmp_path / "file").read_text() == "a = new\n"
    assert (run.report["state"], run.report["corrected"]) == ("corrected", True)
    assert [change["is"] for change in run.report["changes"]] == ["missing"]
    again = looked(tmp_path, WRITE, IGNORED)
    assert (again.status, again.report["state"], again.report["changes"]) == (0, "none", [])


def test_a_failed_host_ends_with_1(tmp_path: Path) -> None:
    run = looked(tmp_path, WRITE, FAIL)
    assert run.status == 1, run.output
    assert run.report["problems"] == [{"host": "localhost", "message": "The cause."}]
    assert len(run.report["changes"]) == 1


def test_a_host_that_is_away_is_not_without_drift(tmp_path: Path) -> None:
    run = looked(tmp_path, {"ansible.builtin.ping": None}, connection="ssh", remote_user="nobody", port=1)
    assert run.status == 1, run.output
    assert (run.report["unreachable"], run.report["hosts"]) == (["localhost"], [])
    assert "Could not look at everything: unreachable: localhost." in run.output


def test_a_run_without_hosts_ends_with_1(tmp_path: Path) -> None:
    run = looked(tmp_path, WRITE, hosts="nobody")
    assert run.status == 1, run.output
    assert "no host was looked at" in run.output


def test_other_playbooks_run_as_without_the_callback(tmp_path: Path) -> None:
    run = looked(tmp_path, WRITE, correct=True, vars={"folder": str(tmp_path), "ansible_python_interpreter": sys.executable})
    assert run.status == 0, run.output
    assert "Corrected" not in run.output
    assert run.report == {}


def test_a_report_that_cannot_be_written_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "drift.junit").mkdir()
    done = run_ansible(
        "ansible-playbook", "-i", "away.invalid,", "playbooks/drift.yml", "-e", "catalog_mail_hosts=all", "-e", "drift_correct=x",
        **ENABLED, CATALOG_MAIL_DRIFT_JSON=str(tmp_path / "none/drift.json"))
    assert done.returncode == 1
    assert f"The report cannot be written to {tmp_path}/none/drift.json: No such file or directory." in done.stdout + done.stderr


def test_the_first_task_fails_without_the_callback() -> None:
    """It names the line of ansible.cfg and the variable that enable the callback."""
    done = playbook(**OTHER)
    assert done.returncode == 2
    output = " ".join(done.stdout.split())
    assert "callbacks_enabled = catalog.mail.drift" in output
    assert "ANSIBLE_CALLBACKS_ENABLED=catalog.mail.drift" in output
    assert "unreachable=0" in output
    assert output.count("TASK [") == 1


def test_a_drift_correct_that_is_no_boolean_is_refused() -> None:
    done = playbook("-e", "drift_correct=maybe", **ENABLED)
    assert done.returncode == 1, done.stdout
    assert "drift_correct: maybe is neither true nor false." in " ".join(done.stdout.split())


def test_the_inventory_may_choose_hosts_to_correct(tmp_path: Path) -> None:
    """As in the playbook site, a variable decides; an item of a loop that is skipped last changes nothing of it."""
    play = {"hosts": "all", "check_mode": "{{ site__check_mode_of_plays | default(ansible_check_mode) }}"}
    looped = {**WRITE, "loop": [True, False], "when": "item"}
    run = looked(tmp_path, looped, **play, vars={**VARIABLES, "folder": str(tmp_path), "site__check_mode_of_plays": False})
    assert (run.status, run.report["state"]) == (0, "corrected"), run.output
    assert (tmp_path / "file").exists()
