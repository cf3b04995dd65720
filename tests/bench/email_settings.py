# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure an unchanged run of module email_settings against a task that reads the API once, in one playbook run.

Prints a table and a line that says whether the goal is met; ends with 1 when it is not. One `ansible-playbook` process
runs both tasks alternately, so that other load on the machine slows both alike: read the ratio, not the seconds. The
number of each is the median of its tasks.

- module: catalog.mail.email_settings with everything as it is, which reads, plans and has nothing to save
- uri: ansible.builtin.uri with a GET of the same settings, the least that a task about them can do

Needs the lab (`make bench` starts it). Usage: email_settings.py [ROUNDS], 15 by default.
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
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.bench.report import Goal, conclude, table

ROOT = Path(__file__).parents[2]
HOST = "catalog12"
GOAL = 1.5
API = "http://127.0.0.1:8025/api/v1/settings/email-server"
TOKEN = "/etc/catalog-mail/admin-token"


def play(playbook: Path) -> dict[str, Any]:
    """Run a playbook on the host; return the callback's report."""
    environment = {
        **os.environ,
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    }
    run = subprocess.run(
        ["ansible-playbook", "--inventory", "inventories/lab", "--limit", HOST, str(playbook)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{playbook.name} failed:\n{run.stdout}\n{run.stderr}")
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def both(rounds: int) -> list[dict[str, Any]]:
    """Return a play that runs both tasks alternately."""
    module = {
        "name": "module",
        "catalog.mail.email_settings": {
            "notifications": "{{ email_settings_notifications }}", "test_recipient": "{{ email_settings_test_recipient }}"}}
    uri = {
        "name": "uri",
        "ansible.builtin.uri": {"url": API, "headers": {"Authorization": "Bearer {{ token.content | b64decode | trim }}"}}}
    read = {"name": "token", "ansible.builtin.slurp": {"src": TOKEN}, "register": "token", "no_log": True}
    # The first run of each task warms it up and is not counted.
    return [{"name": "By turns", "hosts": HOST, "gather_facts": False, "tasks": [read] + [module, uri] * (rounds + 1)}]


def seconds(report: dict[str, Any]) -> dict[str, list[float]]:
    """Return the durations of the tasks by name, in seconds."""
    taken: dict[str, list[float]] = {"module": [], "uri": []}
    for task in report["plays"][0]["tasks"]:
        name, duration = task["task"]["name"], task["task"]["duration"]
        if name in taken:
            began, ended = (datetime.fromisoformat(duration[word]) for word in ("start", "end"))
            taken[name].append((ended - began).total_seconds())
    return {name: each[1:] for name, each in taken.items()}


def main() -> int:
    """Bring the host to its steady state, then measure."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    play(ROOT / "playbooks/site.yml")
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder) / "both.yml"
        playbook.write_text(json.dumps(both(rounds)), encoding="utf-8")
        report = play(playbook)
    if report["stats"][HOST]["changed"]:
        sys.exit("The module changed something: this is no steady state.")
    taken = seconds(report)
    medians = {name: statistics.median(each) for name, each in taken.items()}
    rows = [[name, str(len(each)), medians[name], min(each), max(each)] for name, each in taken.items()]
    print(table(["", "tasks", "median s", "least s", "most s"], rows))
    return conclude([Goal("seconds of the module, as a multiple of the uri task's,", medians["module"] / medians["uri"], GOAL)])


if __name__ == "__main__":
    sys.exit(main())
