# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command catalog-mail-drift looks, corrects within a limit, keeps a history, and tells the application and a webhook."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.playbooks import ROOT, run_ansible
from helpers.service.process import RunningService
from helpers.service.webhook_sink import SECRET, Answer, WebhookSink

COMMAND = ROOT / "collections/ansible_collections/catalog/mail/roles/drift/files/catalog_mail_drift.py"


@dataclass(frozen=True)
class Done:
    """How a run of the command ended."""

    status: int
    output: str


class Site:
    """A control node whose playbook keeps three files; `drift` removes them. All of it is in `folder`."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder, self.state = folder, folder / "state"
        self.files = [folder / f"kept-{number}" for number in range(3)]
        self.state.mkdir()
        for name, content in (("report_token", changes.pop("token", "")), ("webhook_secret", SECRET)):
            (folder / name).write_text(content)
        tasks = [{
            "name": "Keep the files", "loop": [str(path) for path in self.files],
            "ansible.builtin.copy": {"dest": "{{ item }}", "content": "x", "mode": "0644"}}]
        (folder / "play.yml").write_text(json.dumps([{
            "name": "Look", "hosts": "all", "gather_facts": False, "check_mode": "{{ not drift_correct }}", "tasks": tasks,
            "vars": {"drift__report": True, "ansible_python_interpreter": sys.executable}}]))
        self.configure(
            user="root", state=str(self.state), project=str(ROOT), inventory=["localhost,"], arguments=["-c", "local"],
            command=str(Path(sys.executable).parent / "ansible-playbook"), playbook=str(folder / "play.yml"), correct=False,
            limit=2, history_days=365, **{"report_url": "", "webhook_url": "", "ca_file": "", **changes})

    def configure(self, **settings: Any) -> None:
        """Change the configuration."""
        path = self.folder / "config.json"
        found = json.loads(path.read_text()) if path.exists() else {"files": {}}
        path.write_text(json.dumps({**found, **settings}))

    def run(self, *words: str) -> Done:
        """Run the command as its unit does."""
        done = subprocess.run(
            [sys.executable, COMMAND, *words], capture_output=True, text=True, check=False, env={
                **os.environ, "CATALOG_MAIL_DRIFT_CONFIG": str(self.folder / "config.json"),
                "CREDENTIALS_DIRECTORY": str(self.folder), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")})
        return Done(done.returncode, done.stdout + done.stderr)

    def drift(self) -> None:
        for path in self.files:
            path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService(tmp_path_factory.mktemp("service"))
    service.prepare()
    service.create_token("drift")
    service.start()
    yield service
    service.kill()


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as made:
        yield made


def reports(application: RunningService) -> list[dict[str, Any]]:
    """Return the application's reports, oldest first."""
    items: list[dict[str, Any]] = application.call("GET", "/drift-reports", role="viewer").json()["items"]
    return items[::-1]


def test_a_limit_stops_until_somebody_corrects_by_hand(
    tmp_path: Path, application: RunningService, sink: WebhookSink
) -> None:
    """The application and the webhook get a notice when drift begins, is corrected, and has ended; never the same twice."""
    site = Site(
        tmp_path, token=application.tokens["drift"], report_url=f"{application.url}/api/v1/drift-reports", webhook_url=sink.url)
    site.configure(correct=True)
    for _each in range(2):
        stopped = site.run()
        assert (stopped.status, [path.exists() for path in site.files]) == (2, [False] * 3), stopped.output
        assert "3 differences are more than drift_limit, 2" in stopped.output
    corrected = site.run("drift_limit=0")
    assert (corrected.status, [path.exists() for path in site.files]) == (0, [True] * 3), corrected.output
    assert [site.run().status for _each in range(2)] == [0, 0]
    found = reports(application)
    assert [(one["stopped_by_limit"], one["corrected"], len(one["changes"])) for one in found] == [
        (True, False, 3), (False, True, 3), (False, False, 0)]
    assert found[0]["changes"][0] == {
        "host": "localhost", "role": "", "thing": str(site.files[0]), "field": "state", "is": "missing", "should_be": "present"}
    # The sink verifies each signature.
    assert [json.loads(request.body)["corrected"] for request in sink.taken.values()] == [False, True, False]
    assert json.loads((site.state / "last.json").read_text())["state"] == "none"
    assert "No drift" in (site.state / "last.html").read_text()
    history = site.run("history").output
    assert history.startswith("5 runs\n")
    assert history.count(" 1  ") == 3
    assert application.tokens["drift"] not in stopped.output + corrected.output + history


def test_a_notice_that_fails_is_sent_by_the_next_run(tmp_path: Path, sink: WebhookSink) -> None:
    site = Site(tmp_path, webhook_url=sink.url)
    sink.plan = lambda _request: Answer(500, keep=False, body=b"out of order")
    failed = site.run()
    assert failed.status == 1
    assert "the notice could not be sent, and the next run tries again" in failed.output
    assert "answered 500: out of order" in failed.output
    sink.plan = lambda _request: None
    assert site.run().status == 2
    assert len(sink.taken) == 1


def test_a_second_run_at_the_same_time_ends(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with (site.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = site.run()
    assert (done.status, "another run is at work" in done.output) == (1, True)
    assert not (site.state / "history.jsonl").exists()


def test_a_host_that_is_away_is_told_and_ends_with_1(tmp_path: Path, sink: WebhookSink) -> None:
    site = Site(tmp_path, webhook_url=sink.url)
    site.configure(arguments=["-c", "ssh", "-e", "ansible_port=1"], correct=True)
    assert site.run().status == 1
    assert [json.loads(request.body)["unreachable"] for request in sink.taken.values()] == [["localhost"]]


@pytest.mark.parametrize("settings, words, expected", [
    ({}, ["drift_limit=-1"], "drift_limit=-1: it is neither drift_correct=true|false nor drift_limit=NUMBER"),
    ({"command": "/nonexistent"}, [], "/nonexistent: No such file or directory. drift_command and drift_project name"),
    ({"playbook": "/nonexistent.yml"}, [], "and has written no report: see its output above"),
])
def test_what_cannot_run_is_explained(tmp_path: Path, settings: dict[str, Any], words: list[str], expected: str) -> None:
    site = Site(tmp_path)
    site.configure(**settings)
    done = site.run(*words)
    assert done.status == 1
    assert expected in done.output
    assert "Traceback" not in done.output


def test_the_role_refuses_what_cannot_work(tmp_path: Path) -> None:
    """Before its first change it names each variable, and what to give."""
    (tmp_path / "role.yml").write_text(json.dumps([{
        "name": "Role", "hosts": "localhost", "gather_facts": False, "roles": [{"role": "catalog.mail.drift", "vars": {
            "drift_limit": -1, "drift_report_url": "https://a.example/api", "drift_webhook_url": "https://b.example/"}}]}]))
    done = run_ansible("ansible-playbook", "-i", "localhost,", "-c", "local", tmp_path / "role.yml")
    assert "changed=0" in done.stdout and "failed=1" in done.stdout
    words = " ".join(done.stdout.split())
    for expected in (
        "drift_project: it is not given", "drift_inventory: it is empty", "drift_limit: it is negative",
        "drift_report_token_file: it is not given", "drift_report_url: it ends with a slash or has a path",
        "drift_webhook_secret_file: it is not given"):
        assert expected in words


def loaded() -> Any:
    """Return the command as a module."""
    spec = importlib.util.spec_from_file_location("catalog_mail_drift", COMMAND)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entry(at: str, *changes: str, corrected: bool = False, unreachable: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"at": at, "changes": [["a", one, "mode"] for one in changes], "corrected": corrected, "unreachable": [*unreachable]}


def test_the_history_counts_how_often_something_began_to_drift() -> None:
    """A difference that stays counts once, also when its host was away in between; one that comes again counts again."""
    lines = loaded().history_lines([
        entry("1", "x", "y"), entry("2", "x", "y"), entry("3", unreachable=("a",)), entry("4", "x"), entry("5"), entry("6", "x"),
        entry("7", "x", corrected=True), entry("8", "x")])
    rows = [line.split() for line in lines[2:]]
    assert rows == [["3", "1", "8", "a", "x", "mode"], ["1", "1", "2", "a", "y", "mode"]]


def test_old_runs_leave_the_history(tmp_path: Path) -> None:
    old = {"time": 1, "at": "then", "changes": [], "corrected": False, "unreachable": []}
    (tmp_path / "history.jsonl").write_text(json.dumps(old) + "\n")
    report = {
        "ended_at": "now", "state": "none", "corrected": False, "stopped_by_limit": False, "unreachable": [], "failed": [],
        "changes": []}
    config = {"state": str(tmp_path), "history_days": 1}
    loaded().remember(config, report)
    assert [one["at"] for one in loaded().read_history(config)] == ["now"]


def test_a_notice_is_cut_to_what_the_application_takes() -> None:
    change = {"host": "a", "role": "", "thing": "x", "field": "y", "is": "1", "should_be": "2", "corrected": False}
    report = {"hosts": ["a"], "unreachable": ["b"], "failed": ["b", "c"], "corrected": False, "stopped_by_limit": False,
              "changes": [change] * 600, "started_at": "2026-01-02T03:04:05Z"}
    found = loaded().notice(report)
    assert (found["hosts"], found["unreachable"], len(found["changes"])) == (["a", "b", "c"], ["b", "c"], 500)
    assert "corrected" not in found["changes"][0]
