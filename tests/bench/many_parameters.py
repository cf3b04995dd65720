# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the time to set twenty parameters of main.cf: one run of postfix_config against twenty calls of `postconf -e`.

Prints a table and whether the goals are met; ends with 1 when one is missed. Each number is a median over several rounds,
interleaved, timed in the host; each round sets all twenty to new values and starts from a main.cf that was written long ago.
What Ansible itself adds for each task (some tenths of a second) is not counted, though the loop would pay it twenty times.
The module's goal is in seconds: start and checks of its Python process take longer than twenty small programs without checks.

- module: postfix_config, its Python process from start to end: reads, checks, validates, writes once
- and reload: the same with `reload: true`, until the daemons use the new values
- postconf -e: twenty calls without checks or validation
- and reload: the same, then `postfix reload`, until the daemons use the new values

Needs the lab (`make bench` starts it). Usage: many_parameters.py [ROUNDS], 7 by default.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.bench.report import Goal, conclude, table
from helpers.modules.lab_host import CODE, LabHost

NAMES = (
    "bounce_size_limit", "default_process_limit", "default_recipient_limit", "duplicate_filter_limit",
    "header_address_token_limit", "header_size_limit", "hopcount_limit", "initial_destination_concurrency",
    "line_length_limit", "local_destination_concurrency_limit", "mime_boundary_length_limit", "mime_nesting_limit",
    "qmgr_message_active_limit", "qmgr_message_recipient_limit", "smtp_line_length_limit", "smtpd_history_flush_threshold",
    "smtpd_junk_command_limit", "smtpd_recipient_limit", "smtpd_recipient_overshoot_limit", "virtual_minimum_uid",
)
MOST_SECONDS = 0.3
MOST_OF_PEER_WITH_RELOAD = 0.5
TIMED = """
import json, os, subprocess, sys, time

def managers():
    found = subprocess.run(["pgrep", "-x", "qmgr"], capture_output=True, text=True).stdout
    return set(found.split())

job = json.load(sys.stdin)
before = managers()
began = time.monotonic()
for command in job["commands"]:
    subprocess.run(command, input=job["stdin"], text=True, check=True, stdout=subprocess.DEVNULL)
while job["follows"] and not managers() - before:
    if time.monotonic() - began > 20:
        sys.exit("the daemons did not follow within 20 seconds")
    time.sleep(0.01)
print(time.monotonic() - began)
"""


def timed(host: LabHost, commands: list[list[str]], stdin: str, follows: bool) -> float:
    """Return the seconds that commands take on the host, optionally until the daemons use the new main.cf."""
    host.sh("touch -d '-9 sec' /etc/postfix/main.cf")
    job = json.dumps({"commands": commands, "stdin": stdin, "follows": follows})
    done = host.exec("python3", "-c", TIMED, stdin=job.encode(), variables={"PYTHONPATH": CODE})
    if done.code:
        sys.exit(f"a command failed in the host:\n{done.out}{done.err}")
    return float(done.out)


def by_module(host: LabHost, value: int, reload: bool) -> float:
    """Run the module, as Ansible does."""
    options = {"parameters": dict.fromkeys(NAMES, value), "reload": reload}
    command = ["python3", "-m", "ansible_collections.catalog.mail.plugins.modules.postfix_config"]
    return timed(host, [command], json.dumps({"ANSIBLE_MODULE_ARGS": options}), reload)


def by_postconf(host: LabHost, value: int, reload: bool) -> float:
    """Run one `postconf -e` for each parameter, as a loop in a playbook does."""
    commands = [["postconf", "-e", f"{name}={value}"] for name in NAMES]
    return timed(host, [*commands, *([["postfix", "reload"]] if reload else [])], "", reload)


def main() -> int:
    """Measure and print; return whether a goal is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    host = LabHost("catalog12")
    host.sh("command -v postconf >/dev/null || (apt-get -qq update && apt-get -qq -y install postfix) >/dev/null 2>&1")
    host.sh("cp -p /etc/postfix/main.cf /root/main.cf.bench; postfix status 2>/dev/null || postfix start")
    host.bring_code()
    ways = {
        "module": (by_module, False), "module and reload": (by_module, True),
        "postconf -e": (by_postconf, False), "postconf -e and reload": (by_postconf, True)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for place, (name, (way, reload)) in enumerate(ways.items()):
            seconds[name].append(way(host, 1000 + 10 * number + place, reload))
    host.sh("cat /root/main.cf.bench > /etc/postfix/main.cf; rm /root/main.cf.bench; postfix reload 2>/dev/null")
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    peers = {name: "postconf -e and reload" if "reload" in name else "postconf -e" for name in seconds}
    of_peer = {name: medians[name] / medians[peers[name]] for name in seconds}
    print(f"{len(NAMES)} parameters, {rounds} rounds")
    print(table(
        ["", "median s", "most s", "of postconf -e"],
        [[name, medians[name], max(taken), of_peer[name]] for name, taken in seconds.items()]))
    return conclude([
        Goal("seconds of the module", medians["module"], MOST_SECONDS),
        Goal(
            "seconds of the module and reload, as a multiple of twenty calls of postconf -e and reload,",
            of_peer["module and reload"], MOST_OF_PEER_WITH_RELOAD,
        ),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
