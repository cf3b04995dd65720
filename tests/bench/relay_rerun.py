# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a run of the role that has nothing to change, against the least possible and the usual loop, in one process.

Prints a table and two lines that say whether the goals are met; ends with 1 when one is not. Each number is the wall
time of a whole `ansible-playbook` process, the median of several rounds. The rounds are interleaved, so that whatever
else the machine does slows all three alike: read the ratios, not the seconds.

- role: playbooks/site.yml on one host of the lab, relay and all, without the application
- floor: a play of as many `stat` tasks as the role ran; nothing with that many tasks can be faster
- loop: the same parameters as people write it: a loop that reads each by `postconf`, one that sets what differs, a
  task for packages, one for the password file, one for the service

Needs the lab (`make bench` starts it). Usage: relay_rerun.py [ROUNDS], 5 by default.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.modules.lab_host import ROOT, LabHost

HOST = "catalog12"
FLOOR_GOAL = 1.5
LOOP_GOAL = 0.5

# Parameters of main.cf that the role sets on the lab's host; the loop sets the same.
RELATED = (
    "inet_interfaces", "mydestination", "relayhost", "smtp_sasl_auth_enable", "smtp_sasl_password_maps",
    "smtp_sasl_tls_security_options", "smtp_tls_CAfile", "smtp_tls_security_level",
)


def environment() -> dict[str, str]:
    """Return the environment of this process with the settings and programs of this checkout."""
    return {
        **os.environ,
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    }


def play(playbook: Path) -> tuple[float, dict[str, int]]:
    """Return the seconds that a playbook takes, and its numbers of tasks: ok, changed, skipped."""
    began = time.monotonic()
    run = subprocess.run(
        ["ansible-playbook", "--inventory", "inventories/lab", "--limit", HOST, "--extra-vars", '{"site_application": false}',
         str(playbook)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if run.returncode:
        sys.exit(f"{playbook.name} failed:\n{run.stdout}\n{run.stderr}")
    return seconds, json.loads(run.stdout)["stats"][HOST]


def settings() -> dict[str, str]:
    """Return the values of the parameters on the host after the role."""
    rows = (line.partition("=") for line in LabHost(HOST).sh(f"postconf {' '.join(RELATED)}").splitlines())
    return {name.strip(): value.strip() for name, _equals, value in rows}


def floor_play(tasks: int) -> list[dict]:
    """Return a play of that many `stat` tasks."""
    stat = {"name": "Look at a file", "ansible.builtin.stat": {"path": "/etc/postfix/main.cf"}}
    return [{"name": "Floor", "hosts": HOST, "gather_facts": False, "tasks": [stat] * tasks}]


def loop_play(parameters: dict[str, str]) -> list[dict]:
    """Return the play as people write it by hand, idempotent."""
    rows = [{"name": name, "value": value} for name, value in parameters.items()]
    tasks = [
        {"name": "Install Postfix", "ansible.builtin.apt": {
            "name": ["postfix", "libsasl2-modules", "ca-certificates"]}},
        {"name": "Read the parameters", "ansible.builtin.command": "postconf -h {{ item.name }}",
         "loop": rows, "register": "current", "changed_when": False},
        {"name": "Set the parameters", "ansible.builtin.command": "postconf -e '{{ item.0.name }}={{ item.0.value }}'",
         "loop": "{{ rows | zip(current.results) | list }}", "when": "item.0.value != item.1.stdout",
         "notify": "Reload"},
        {"name": "Write the password", "ansible.builtin.copy": {
            "dest": "/root/bench_sasl_passwd", "mode": "0600", "content": "[mail.corp.test]:587 user:fictitious\n"}},
        {"name": "Run Postfix", "ansible.builtin.systemd_service": {
            "name": "postfix", "enabled": True, "state": "started"}},
    ]
    reload = {"name": "Reload", "ansible.builtin.systemd_service": {"name": "postfix", "state": "reloaded"}}
    return [{
        "name": "Loop", "hosts": HOST, "gather_facts": False, "vars": {"rows": rows}, "tasks": tasks,
        "handlers": [reload]}]


def measure(plays: dict[str, Path], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each play in each round. Every round runs all plays; a changed task is an error."""
    seconds: dict[str, list[float]] = {name: [] for name in plays}
    for number in range(1, rounds + 1):
        for name, playbook in plays.items():
            taken, stats = play(playbook)
            if stats["changed"]:
                sys.exit(f"{name} changed something in round {number}: this is no steady state")
            seconds[name].append(taken)
        print(f"round {number}: " + ", ".join(f"{name} {taken[-1]:.1f} s" for name, taken in seconds.items()))
    return seconds


def report(seconds: dict[str, list[float]], tasks: dict[str, int]) -> bool:
    """Print the table and the goals; return whether both are met."""
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    print(f"\n{'':8} {'tasks':>5} {'median':>8} {'least':>8} {'most':>8} {'role is':>12}")
    for name, taken in seconds.items():
        ratio = f"{medians['role'] / medians[name]:.2f} times"
        print(f"{name:8} {tasks[name]:5} {medians[name]:6.1f} s {min(taken):6.1f} s {max(taken):6.1f} s {ratio:>12}")
    met = True
    for name, goal in (("floor", FLOOR_GOAL), ("loop", LOOP_GOAL)):
        ratio = medians["role"] / medians[name]
        met = met and ratio <= goal
        print(f"goal: at most {goal} times the {name}: {ratio:.2f}, {'met' if ratio <= goal else 'MISSED'}")
    return met


def main() -> int:
    """Bring the host to its steady state, then measure."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    site = ROOT / "playbooks/site.yml"
    play(site)
    _seconds, stats = play(site)
    tasks = {"role": stats["ok"], "floor": stats["ok"]}
    with tempfile.TemporaryDirectory() as folder:
        plays = {"role": site, "floor": Path(folder) / "floor.yml", "loop": Path(folder) / "loop.yml"}
        plays["floor"].write_text(json.dumps(floor_play(stats["ok"])), encoding="utf-8")
        plays["loop"].write_text(json.dumps(loop_play(settings())), encoding="utf-8")
        _seconds, stats = play(plays["loop"])
        tasks["loop"] = stats["ok"]
        met = report(measure(plays, rounds), tasks)
    LabHost(HOST).sh("rm -f /root/bench_sasl_passwd")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
