# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a run of the whole site that has nothing to change, on 1, 5 and 20 hosts, against as many `stat` tasks on them.

Prints tables and whether the goals are met; ends with 1 when one is missed. A number is the median of several rounds. In
each round all plays run one after the other, so that other load on the machine slows them alike: read the ratios.

- site: playbooks/site.yml as a user runs it: relay, application, e-mail settings, service for replies; all hosts at a time
- floor: a play of as many `stat` tasks as the site ran on a host; nothing with that many tasks can be faster
- peer: another role for the relay, when --peer or PEER_ROLE names its folder, and --peer-vars a file with its variables

Seconds are of the whole `ansible-playbook` process; processor seconds are of that process and its children on this machine,
and hardly depend on what else it does.
The hosts are catalog12 and copies of it, with everything installed (lab.py clone), in the lab of CATALOG_MAIL_LAB. They
are on this machine as well, and share its processors with Ansible.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.bench.line_chart import line_chart
from helpers.bench.playbook_run import Fleet, PlaybookRun
from helpers.bench.report import Goal, conclude, table
from helpers.playbooks import ROOT, lab

HOST = "catalog12"
INVENTORY = ROOT / "inventories/lab"
SITE = ROOT / "playbooks/site.yml"
MOST_TASKS, FLOOR_GOAL, SLOPE_GOAL, BEND_GOAL = 12, 2.0, 1.5, 1.25
PICTURE = "site_steady_state.svg"

Runs = dict[str, dict[int, list[PlaybookRun]]]
"""Name of the play -> number of hosts -> its runs."""


@contextlib.contextmanager
def fleet(number: int, folder: Path) -> Iterator[Fleet]:
    """Set up this many hosts by the site's playbook; remove all but the first at the end."""
    lab("up", HOST, "mail")
    Fleet([HOST]).run(SITE)
    try:
        lab("clone", str(number - 1))
        names = [f"clone{place:02}" for place in range(1, number)]
        variables = yaml.safe_load((INVENTORY / "host_vars" / f"{HOST}.yml").read_text(encoding="utf-8"))
        copies = folder / "copies.yml"
        copies.write_text(json.dumps({"catalog": {"hosts": dict.fromkeys(names, variables)}}), encoding="utf-8")
        hosts = Fleet([HOST, *names], (INVENTORY, copies))
        hosts.run(SITE)
        yield hosts
    finally:
        lab("clone", "0")


def floor_play(tasks: int) -> list[dict]:
    """Return a play of that many `stat` tasks."""
    stat = {"name": "Look at a file", "ansible.builtin.stat": {"path": "/etc/postfix/main.cf"}}
    return [{"name": "Floor", "hosts": "catalog", "gather_facts": False, "tasks": [stat] * tasks}]


def write_play(path: Path, play: list[dict]) -> Path:
    """Write a playbook; return its path."""
    path.write_text(json.dumps(play), encoding="utf-8")
    return path


def peer_play(role: Path, variables: Path | None) -> list[dict]:
    """Return a play of another role, with facts, which most roles need."""
    files = [str(variables.resolve())] if variables else []
    return [{"name": "Peer", "hosts": "catalog", "gather_facts": True, "vars_files": files, "roles": [str(role.resolve())]}]


def measure(hosts: Fleet, plays: dict[str, Path], folder: Path, options: argparse.Namespace) -> Runs:
    """Run each play on each number of hosts in each round. A changed task is an error, except of a peer: some always change."""
    connect = write_play(folder / "connect.yml", floor_play(1))
    runs: Runs = {name: {size: [] for size in options.sizes} for name in plays}
    for round_number in range(1, options.rounds + 1):
        for size in options.sizes:
            # All plays find the SSH connections open.
            hosts.first(size).run(connect)
            for name, playbook in plays.items():
                run = hosts.first(size).run(playbook)
                if run.changed and name != "peer":
                    sys.exit(f"{name} changed something on {size} hosts: this is no steady state.")
                runs[name][size].append(run)
                print(f"round {round_number}, {size} hosts, {name}: {run.seconds:.1f} s", file=sys.stderr)
    return runs


def measure_peer(hosts: Fleet, folder: Path, options: argparse.Namespace) -> Runs:
    """Configure the hosts by another role, then measure it like the others."""
    playbook = write_play(folder / "peer.yml", peer_play(options.peer, options.peer_vars))
    hosts.run(playbook)
    return measure(hosts, {"peer": playbook}, folder, options)


def medians(runs: dict[int, list[PlaybookRun]], what: str) -> dict[int, float]:
    """Return number of hosts -> median of `seconds` or `processor`."""
    return {size: statistics.median(getattr(run, what) for run in each) for size, each in runs.items()}


def ratio(runs: Runs, size: int, what: str) -> float:
    """Return the median over the rounds of the site's cost divided by the floor's cost right after it."""
    pairs = zip(runs["site"][size], runs["floor"][size], strict=True)
    return statistics.median(getattr(site, what) / getattr(floor, what) for site, floor in pairs)


def slope(costs: dict[int, float]) -> float:
    """Return the cost of one more host: the slope of the straight line with the least squares."""
    return statistics.linear_regression(list(costs), list(costs.values())).slope if len(costs) > 1 else 0.0


def bend(costs: dict[int, float]) -> float:
    """Return the cost of one more host at the end, divided by that at the beginning: 1 for a straight line."""
    (first, early), (second, middle), (last, late) = costs.items()
    return ((late - middle) / (last - second)) / ((middle - early) / (second - first))


def show(runs: Runs, sizes: list[int]) -> None:
    """Print the tables."""
    rows = []
    for size in sizes:
        for name, of_play in runs.items():
            one = of_play[size][0]
            seconds, processor = (medians(of_play, what)[size] for what in ("seconds", "processor"))
            of_floor = [ratio(runs, size, what) if name == "site" else "" for what in ("seconds", "processor")]
            rows.append([name, str(size), str(one.tasks), str(one.skipped), seconds, of_floor[0], processor, of_floor[1],
                         seconds / size])  # fmt: skip
    print(table(
        ["", "hosts", "tasks a host", "skipped", "seconds", "of floor", "processor seconds", "of floor", "seconds a host"], rows))
    print()
    print(table(
        ["one more host", "seconds", "processor seconds"],
        [[name, slope(medians(each, "seconds")), slope(medians(each, "processor"))] for name, each in runs.items()]))


def goals(runs: Runs, sizes: list[int]) -> list[Goal]:
    """Return the goals that these sizes can show."""
    found = [Goal("tasks a host", max(run.tasks for each in runs["site"].values() for run in each), MOST_TASKS)]
    for unit, what in (("seconds", "seconds"), ("processor seconds", "processor")):
        found += [Goal(f"{unit} on {size} hosts, as a multiple of the floor's,", ratio(runs, size, what), FLOOR_GOAL)
                  for size in sizes]  # fmt: skip
        if len(sizes) > 1:
            slopes = [slope(medians(runs[name], what)) for name in ("site", "floor")]
            found.append(Goal(f"{unit} for one more host, as a multiple of the floor's,", slopes[0] / slopes[1], SLOPE_GOAL))
    if len(sizes) == 3:
        what = "linear: processor seconds for one more host among the last, as a multiple of those among the first,"
        found.append(Goal(what, bend(medians(runs["site"], "processor")), BEND_GOAL))
    return found


def draw(runs: Runs, folder: str) -> None:
    """Write the picture into the folder."""
    lines = {name: list(medians(of_play, "seconds").items()) for name, of_play in runs.items()}
    title = "A run of the whole site with nothing to change"
    (Path(folder) / PICTURE).write_text(line_chart(title, "hosts", "seconds", lines), encoding="utf-8")
    print(f"picture: {PICTURE} {title}: seconds for each number of hosts, beside the floor")


def arguments() -> argparse.Namespace:
    """Return the options on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=lambda text: sorted(int(word) for word in text.split(",")), default=[1, 5, 20])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", type=Path, default=os.environ.get("PEER_ROLE"))
    parser.add_argument("--peer-vars", type=Path)
    parser.add_argument("--pictures", default=os.environ.get("BENCH_PICTURES"), help="folder for the picture")
    return parser.parse_args()


def main() -> int:
    """Set up the hosts, measure, print."""
    options = arguments()
    with tempfile.TemporaryDirectory() as name, fleet(options.sizes[-1], Path(name)) as hosts:
        tasks = hosts.first(1).run(SITE).tasks
        plays = {"site": SITE, "floor": write_play(Path(name) / "floor.yml", floor_play(tasks))}
        runs = measure(hosts, plays, Path(name), options)
        if options.peer:
            runs |= measure_peer(hosts, Path(name), options)
    show(runs, options.sizes)
    if options.peer:
        Fleet([HOST]).run(SITE)
    else:
        print("\npeer: skipped; name the folder of a role for the relay in PEER_ROLE")
    if options.pictures:
        draw(runs, options.pictures)
    return conclude(goals(runs, options.sizes))


if __name__ == "__main__":
    sys.exit(main())
