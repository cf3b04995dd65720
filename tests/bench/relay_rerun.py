# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure runs of the relay role: one that has nothing to change, on 1, 5 and 10 hosts, and the first one on a bare host.

Prints tables and whether the goals are met; ends with 1 when one is missed. Each number is the median over the rounds. In
each round all plays run one after the other, so that other load slows them alike: read the ratios, not the seconds.

- role: a play with the role alone, for the relay of the lab's inventory
- floor: a play of four `stat` tasks; a role of four tasks, which is few, cannot be faster
- site: playbooks/site.yml without the application, which also reads the other roles. On one host only
- loop: the same parameters as people write it: a loop that reads each by `postconf`, one that sets what differs, a
  task for packages, one for the password file, one for the service. On one host only

The first run is measured against a floor of its own: a play of four tasks on the same bare host, of which three are `stat`,
and one is what an administrator types, `apt-get update` and `apt-get install` of the same packages. Debian's scripts for
Postfix take most of that time in both plays. The goal is a multiple of this floor, and leaves three tenths of it for
what the floor does not do: to read the host before, to configure Postfix, and to start it configured.

Seconds are of the whole `ansible-playbook` process, with 20 forks; processor seconds are of it and its children, and of
the hosts, which are on this machine as well. Further tables show where the time of a run on one host goes. The hosts are
those of the lab that `make bench` starts, and copies of them when the lab can make copies (lab.py clone); sizes with too
few hosts are left out.

Usage: relay_rerun.py [ROUNDS], 3 by default.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.modules.lab_host import CODE, LabHost
from helpers.playbooks import ROOT, ansible_environment, lab

HOST = "catalog12"
SIZES = (1, 5, 10)
FLOOR_TASKS = 4
FLOOR_GOAL = 0.85
LOOP_GOAL = 0.5
FIRST_RUN_GOAL = 1.3
FIRST_RUN_ROUNDS = 2
INVENTORY = ROOT / "inventories/lab"
SITE = ROOT / "playbooks/site.yml"

# Parameters of main.cf that the role sets on the lab's host; the loop sets the same.
RELATED = (
    "inet_interfaces", "mydestination", "relayhost", "smtp_sasl_auth_enable", "smtp_sasl_password_maps",
    "smtp_sasl_tls_security_options", "smtp_tls_CAfile", "smtp_tls_security_level",
)
# What the role requires on Debian. Peers with more packages would need longer.
PACKAGES = "postfix libsasl2-modules ca-certificates"
INSTALL = f"apt-get update && DEBIAN_FRONTEND=noninteractive apt-get --yes --no-install-recommends install {PACKAGES}"
ROLE_PLAY = [{"name": "Role", "hosts": "catalog", "gather_facts": False, "roles": ["catalog.mail.postfix"]}]

# Run in the host: the processor milliseconds of each command with its children, standard input from `stdin`.
COSTS = """
import json, resource, subprocess, sys

def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

for command in json.load(sys.stdin):
    before = used()
    for _ in range(5):
        subprocess.run(command["words"], input=command["stdin"], text=True, check=True, stdout=subprocess.DEVNULL)
    print(1000 * (used() - before) / 5)
"""
# Prints the nanoseconds of processor that a host has used: with control groups of version 1, or of version 2.
USED = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || awk '/^usage_usec/ {print $2 * 1000}' /sys/fs/cgroup/cpu.stat"


@dataclass(frozen=True)
class Run:
    """A whole `ansible-playbook` process: seconds, counts of each host, seconds of each task by name.

    ``processor`` are the processor seconds of Ansible and its children, ``on_hosts`` those on all hosts together.
    """

    seconds: float
    processor: float
    on_hosts: float
    counts: dict[str, dict[str, int]]
    tasks: dict[str, float]


@dataclass(frozen=True)
class Fleet:
    """Hosts, and the inventories that know them."""

    hosts: list[str]
    inventories: list[Path]

    def first(self, number: int) -> Fleet:
        """Return the fleet of the first hosts only."""
        return Fleet(self.hosts[:number], self.inventories)

    def run(self, playbook: Path) -> Run:
        """Run a playbook on all hosts at a time. Ends this program with the output when the run fails."""
        words = [str(Path(sys.executable).parent / "ansible-playbook"), "--forks", "20", "--limit", ",".join(self.hosts)]
        words += [f"--inventory={path}" for path in self.inventories]
        words += ["--extra-vars", '{"site_application": false}', str(playbook)]
        before = self.used()
        with tempfile.TemporaryFile("w+") as out:
            began = time.monotonic()
            environment = ansible_environment(ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
            process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            out.seek(0)
            text = out.read()
        if process.returncode:
            sys.exit(f"{playbook.name} failed:\n{text}")
        found = json.loads(text[text.index("{"):])
        processor = usage.ru_utime + usage.ru_stime
        return Run(seconds, processor, self.used() - before, found["stats"], task_seconds(found))

    def used(self) -> float:
        """Return the processor seconds that the hosts have used since their start."""
        return sum(float(LabHost(name).sh(USED)) for name in self.hosts) / 1e9


def task_seconds(found: dict[str, Any]) -> dict[str, float]:
    """Return name -> seconds of all tasks with that name, from the output of the callback ansible.posix.json."""
    sums: dict[str, float] = defaultdict(float)
    for play in found["plays"]:
        for task in play["tasks"]:
            taken = task["task"]["duration"]
            if "end" in taken:
                start, end = (datetime.fromisoformat(taken[name].rstrip("Z")) for name in ("start", "end"))
                sums[task["task"]["name"].partition(" - ")[0]] += (end - start).total_seconds()
    return sums


@contextlib.contextmanager
def fleet(role: Path) -> Iterator[Fleet]:
    """Set up as many hosts as the lab can make, at most the greatest size; remove copies at the end."""
    names = [f"clone{place:02}" for place in range(1, SIZES[-1])]
    if not can_clone():
        yield Fleet([HOST], [INVENTORY])
        return
    try:
        lab("clone", str(len(names)))
        variables = yaml.safe_load((INVENTORY / f"host_vars/{HOST}.yml").read_text(encoding="utf-8"))
        copies = role.with_name("copies.yml")
        copies.write_text(json.dumps({"catalog": {"hosts": dict.fromkeys(names, variables)}}), encoding="utf-8")
        hosts = Fleet([HOST, *names], [INVENTORY, copies])
        hosts.run(role)
        yield hosts
    finally:
        lab("clone", "0")


def can_clone() -> bool:
    """Return whether the lab can copy its hosts."""
    words = [sys.executable, ROOT / "molecule/shared/lab.py", "clone", "--help"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def settings() -> dict[str, str]:
    """Return the values of the parameters on the host after the role."""
    rows = (line.partition("=") for line in LabHost(HOST).sh(f"postconf {' '.join(RELATED)}").splitlines())
    return {name.strip(): value.strip() for name, _equals, value in rows}


def floor_play(tasks: int) -> list[dict]:
    """Return a play of that many `stat` tasks."""
    stat = {"name": "Look at a file", "ansible.builtin.stat": {"path": "/etc/postfix/main.cf"}}
    return [{"name": "Floor", "hosts": "catalog", "gather_facts": False, "tasks": [stat] * tasks}]


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


def write(folder: Path, name: str, play: list[dict]) -> Path:
    """Write a play; return its file."""
    path = folder / f"{name}.yml"
    path.write_text(json.dumps(play), encoding="utf-8")
    return path


def install_play() -> list[dict]:
    """Return a play of as many tasks as the floor's, of which one installs the packages."""
    (play,) = floor_play(FLOOR_TASKS - 1)
    install = {"name": "Install the packages", "ansible.builtin.shell": INSTALL}
    return [{**play, "tasks": [*play["tasks"], install]}]


def first_runs(role: Path, rounds: int) -> dict[str, list[Run]]:
    """Run the role, and its floor, on a bare host in each round. The host is as the role leaves it at the end."""
    plays = {"floor": write(role.parent, "install", install_play()), "role": role}
    runs: dict[str, list[Run]] = {name: [] for name in plays}
    for _round in range(rounds):
        for name, playbook in plays.items():
            lab("reset", HOST)
            runs[name].append(Fleet([HOST], [INVENTORY]).run(playbook))
    return runs


def measure(hosts: Fleet, plays: dict[str, Path], rounds: int) -> dict[str, list[Run]]:
    """Run each play in each round. A changed task is an error."""
    runs: dict[str, list[Run]] = {name: [] for name in plays}
    for number in range(1, rounds + 1):
        for name, playbook in plays.items():
            run = hosts.run(playbook)
            if any(count["changed"] for count in run.counts.values()):
                sys.exit(f"{name} changed something in round {number}: this is no steady state")
            runs[name].append(run)
        shown = ", ".join(f"{name} {each[-1].seconds:.1f} s" for name, each in runs.items())
        print(f"round {number}, {len(hosts.hosts)} hosts: {shown}", file=sys.stderr)
    return runs


def median(runs: list[Run], what: str) -> float:
    """Return the median of `seconds`, `processor` or `on_hosts`."""
    return statistics.median(getattr(run, what) for run in runs)


def ratio(runs: dict[str, list[Run]], other: str) -> float:
    """Return the median over the rounds of the role's seconds divided by the other play's in the same round."""
    return statistics.median(role.seconds / one.seconds for role, one in zip(runs["role"], runs[other], strict=True))


def show_runs(size: int, runs: dict[str, list[Run]]) -> None:
    """Print the table of one number of hosts."""
    print(f"\n{size} host{'s' if size > 1 else ''}\n")
    print(f"{'':6} {'tasks':>5} {'skipped':>7} {'seconds':>8} {'role is':>11} {'processor':>9} {'on hosts':>8} {'role is':>11}")
    for name, each in runs.items():
        count = each[0].counts.get(HOST, {"ok": 0, "skipped": 0})
        used = " ".join(f"{median(each, what):{width}.2f}" for what, width in (("processor", 9), ("on_hosts", 8)))
        share = statistics.median(both(role) / both(one) for role, one in zip(runs["role"], each, strict=True))
        print(f"{name:6} {count['ok']:5} {count['skipped']:7} {median(each, 'seconds'):8.2f} {ratio(runs, name):5.2f} times "
              f"{used} {share:5.2f} times")


def both(run: Run) -> float:
    """Return the processor seconds of a run here and on the hosts."""
    return run.processor + run.on_hosts


def show_shares(runs: dict[str, list[Run]]) -> None:
    """Print where the seconds of a run on one host go."""
    print("\nwhere the seconds of the role go, on one host\n")
    tasks = {name: statistics.median(run.tasks[name] for run in runs["role"]) for name in runs["role"][0].tasks}
    stat = (median(runs["floor"], "seconds") - median(runs["start"], "seconds")) / FLOOR_TASKS
    rows = {
        "start and end of Ansible (a play without tasks)": median(runs["start"], "seconds"),
        "reading role and variables": (
            median(runs["role"], "seconds") - median(runs["start"], "seconds") - sum(tasks.values())),
        **{f"task: {re.sub('^.* : ', '', name)}": seconds for name, seconds in tasks.items()},
        "(one stat task, to compare)": stat,
    }
    for name, seconds in rows.items():
        print(f"{name:78} {seconds:6.2f} s")


def show_first_runs(runs: dict[str, list[Run]]) -> None:
    """Print the seconds of the first runs, and where the role's go."""
    print("\nfirst run, on a bare host\n")
    for name, each in runs.items():
        print(f"{name:78} {median(each, 'seconds'):6.2f} s, the role is {ratio(runs, name):.2f} times")
    print()
    for name in runs["role"][0].tasks:
        seconds = statistics.median(run.tasks[name] for run in runs["role"])
        print(f"task of the role: {re.sub('^.* : ', '', name):60} {seconds:6.2f} s")


def show_host_costs() -> None:
    """Print the processor milliseconds on the host."""
    host = LabHost(HOST)
    host.bring_code()
    module = "ansible_collections.catalog.mail.plugins.modules.postfix_host"
    python = ["env", f"PYTHONPATH={CODE}", "python3"]
    options = json.dumps({"ANSIBLE_MODULE_ARGS": {
        "_ansible_check_mode": True, "parameters": {name: value for name, value in settings().items() if value}}})
    commands: dict[str, list[str]] = {
        "start of Python": [*python, "-c", "pass"],
        "and Ansible's own code (ansible.module_utils.basic)": [*python, "-c", "import ansible.module_utils.basic"],
        "and the code of the module": [*python, "-c", f"import {module}"],
        "and its work: the whole module": [*python, "-m", module],
        "of that, postconf": ["sh", "-c", "postconf >/dev/null; postconf -m"],
        "of that, dpkg-query and systemctl": [
            "sh", "-c", "dpkg-query --show postfix libsasl2-modules ca-certificates; systemctl is-enabled postfix"],
    }
    job = json.dumps([{"words": words, "stdin": options} for words in commands.values()])
    costs = host.exec("python3", "-c", COSTS, stdin=job.encode()).out.split()
    print("\nprocessor milliseconds on the host, each line with all before it\n")
    for name, cost in zip(commands, costs, strict=True):
        print(f"{name:60} {float(cost):7.0f} ms")


def conclude(goals: dict[str, tuple[float, float]]) -> bool:
    """Print whether each goal, as value and limit by its words, is met; return whether all are."""
    print()
    for words, (value, limit) in goals.items():
        print(f"goal: {words}, at most {limit}: {value:.2f}, {'met' if value <= limit else 'MISSED'}")
    return all(value <= limit for value, limit in goals.values())


def measure_sizes(hosts: Fleet, role: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Measure and print each number of hosts; return value and limit of each goal."""
    plays = {"role": role, "floor": write(role.parent, "floor", floor_play(FLOOR_TASKS))}
    loop = write(role.parent, "loop", loop_play(settings()))
    hosts.first(1).run(loop)
    on_one = {**plays, "loop": loop, "start": write(role.parent, "start", floor_play(0)), "site": SITE}
    goals = {}
    for size in (size for size in SIZES if size <= len(hosts.hosts)):
        runs = measure(hosts.first(size), on_one if size == 1 else plays, rounds)
        show_runs(size, runs)
        goals[f"{size} host{'s' if size > 1 else ''}, as a multiple of the floor"] = (ratio(runs, "floor"), FLOOR_GOAL)
        if size == 1:
            goals["1 host, as a multiple of the loop"] = (ratio(runs, "loop"), LOOP_GOAL)
            show_shares(runs)
            show_host_costs()
    return goals


def main() -> int:
    """Measure the first run, which brings the host to its steady state, then measure that."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        role = write(Path(name), "role", ROLE_PLAY)
        first = first_runs(role, min(rounds, FIRST_RUN_ROUNDS))
        show_first_runs(first)
        goals = {"first run, as a multiple of its floor": (ratio(first, "floor"), FIRST_RUN_GOAL)}
        with fleet(role) as hosts:
            goals |= measure_sizes(hosts, role, rounds)
    LabHost(HOST).sh("rm -f /root/bench_sasl_passwd")
    return 0 if conclude(goals) else 1


if __name__ == "__main__":
    sys.exit(main())
