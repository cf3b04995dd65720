# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure unchanged runs of the four Graph modules: requests to Microsoft, and seconds compared with the least a task takes.

Prints a table and a line that says whether the goal is met; ends with 1 when it is not. One `ansible-playbook` process runs
all by turns against the emulator on this machine, so that whatever else the machine does slows all alike: read the ratio,
not the seconds. The seconds of each are the median of its tasks; its requests are the most of any.

- ping: ansible.builtin.ping, a task that does nothing
- uri: ansible.builtin.uri with one GET of the same registration and a token that it was given, the least that a task can ask

A $batch of Graph is one request. The first of each round's tasks asks for the play's only token.

Needs no lab. Usage: graph_modules.py [ROUNDS], 10 by default.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from emulator.running import DOMAIN, TENANT, Running  # noqa: E402
from helpers.bench.report import Goal, conclude, table  # noqa: E402

MOST_REQUESTS = 2
MODULES = ("entra_app", "entra_app_credential", "graph_permissions", "mailbox_scope")
RIGHTS = ("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Exchange", "User.Read.All")
NAME = "bench"


class Task(NamedTuple):
    """One task of the report: its name, start and end."""

    name: str
    began: float
    ended: float


def tasks(emulator: Running, token: str) -> list[dict[str, Any]]:
    """Return one task of each kind: the baselines and the modules."""
    url = f"{emulator.url}/v1.0/applications(uniqueName='{NAME}')"
    return [
        {"name": "ping", "ansible.builtin.ping": {}},
        {"name": "uri", "ansible.builtin.uri": {
            "url": url, "headers": {"Authorization": f"Bearer {token}"}, "ca_path": str(emulator.ca_file)}},
        {"name": "entra_app", "catalog.mail.entra_app": {"unique_name": NAME}},
        {"name": "entra_app_credential", "catalog.mail.entra_app_credential": {"unique_name": NAME}},
        {"name": "graph_permissions", "catalog.mail.graph_permissions": {
            "unique_name": NAME, "permissions": ["Mail.Send", "Mail.ReadWrite"]}},
        {"name": "mailbox_scope", "catalog.mail.mailbox_scope": {
            "unique_name": NAME, "roles": ["Mail.Send"], "mailboxes": [f"noreply@{DOMAIN}"]}},
    ]


def play(folder: Path, emulator: Running, automation: dict[str, Any], listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Run these tasks on this machine; return the callback's report."""
    login = {
        "tenant_id": TENANT, "client_id": automation["app_id"], "client_secret": automation["client_secret"],
        "authority_url": emulator.url, "graph_url": emulator.url, "ca_file": str(emulator.ca_file)}
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps([{
        "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": listed,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "module_defaults": {"group/catalog.mail.microsoft": {"login": login}},
    }]), encoding="utf-8")
    environment = {
        **os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    run = subprocess.run(
        ["ansible-playbook", "--inventory", "localhost,", str(playbook)], cwd=ROOT, env=environment, capture_output=True,
        text=True, check=False)
    if run.returncode:
        sys.exit(f"The play failed:\n{run.stdout}\n{run.stderr}")
    report: dict[str, Any] = json.loads(run.stdout[run.stdout.index("{"):])
    return report


def done(report: dict[str, Any]) -> list[Task]:
    """Return the tasks of a report."""
    found = []
    for task in report["plays"][0]["tasks"]:
        began, ended = (datetime.fromisoformat(task["task"]["duration"][word]).timestamp() for word in ("start", "end"))
        found.append(Task(task["task"]["name"], began, ended))
    return found


def requests_of(task: Task, log: list[dict[str, Any]]) -> int:
    """Count the requests that Graph received from a module during its task."""
    return sum(1 for one in log if task.began <= one["at"] <= task.ended and one["user_agent"].startswith("catalog.mail"))


def measure(rounds: int) -> tuple[list[Task], list[dict[str, Any]], int]:
    """Return the tasks of the unchanged rounds, the emulator's log of them, and the number of changed tasks."""
    with tempfile.TemporaryDirectory() as name, Running(Path(name) / "entra") as emulator:
        folder = Path(name)
        automation = emulator.application("automation", roles=RIGHTS)
        emulator.user("noreply")
        each = tasks(emulator, emulator.token(automation))
        play(folder, emulator, automation, each[2:])
        emulator.forget_requests()
        # The first round warms up and is not counted.
        report = play(folder, emulator, automation, each * (rounds + 1))
        return done(report)[len(each):], emulator.requests(), report["stats"]["localhost"]["changed"]


def main() -> int:
    """Bring the registration to its steady state, then measure."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    taken, log, changed = measure(rounds)
    if changed:
        sys.exit("The modules changed something: this is no steady state.")
    tokens = sum(1 for one in log if one["path"].endswith("/oauth2/v2.0/token"))
    floor = statistics.median(one.ended - one.began for one in taken if one.name == "uri")
    most = 0
    rows: list[list[str | float]] = []
    for name in ("ping", "uri", *MODULES):
        of_name = [one for one in taken if one.name == name]
        seconds = [one.ended - one.began for one in of_name]
        asked = 1 if name == "uri" else max(requests_of(one, log) for one in of_name)
        most = max(most, asked)
        median = statistics.median(seconds)
        rows.append([name, str(len(seconds)), str(asked), median, min(seconds), max(seconds), median / floor])
    print(table(["", "tasks", "requests", "median s", "least s", "most s", "of uri"], rows))
    return conclude([Goal("requests of a task", most, MOST_REQUESTS), Goal("tokens for the play", tokens, 1)])


if __name__ == "__main__":
    sys.exit(main())
