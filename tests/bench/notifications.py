# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how fast the service answers, accepts notifications and hands them to a mail server, against the least possible.

Prints tables and whether the goals are met; ends with 1 when one is missed. Everything runs on this machine and at the same
time: clients, service, mail server. Rates depend on what else it does: read the ratios. A number is the median of the rounds.

- health: GET /health over one kept connection; p50 alone, and while 50 mails a second are accepted and sent
- accepted: notifications accepted from four clients while next to nothing is sent
- handed over: from the first post until the mail server has taken the last mail, with SQLite
- processor: seconds of all processes of the service for 1,000 mails accepted and handed over
- memory: PSS of all processes of the service when it has nothing to do; and their processor seconds in that time
- smtplib: the same number of mails of the same size in a plain loop over one connection; the floor of sending

The mail server is Postfix's smtp-sink on the mail host of the lab, which keeps nothing; then the Postfix of that host, with its
fsync, its checks of DKIM and DMARC, and delivery to a mailbox, which is emptied at the end. `--lab` measures the second only. By
turns with this version, `--baseline FOLDER` measures an older one: a checkout with its own .venv.

Usage: notifications.py [NUMBER] [--rounds N] [--idle SECONDS] [--lab] [--baseline FOLDER], 2000 notifications by default.
"""

from __future__ import annotations

import argparse
import contextlib
import smtplib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "molecule/shared"))

from helpers.bench.kept_connection import Clients, ask_for, request
from helpers.bench.lab_mail import real_postfix, smtp_sink, wait_until_delivered
from helpers.bench.process_costs import processor_seconds, proportional_memory
from helpers.bench.report import Goal, conclude, table
from helpers.playbooks import ROOT, lab
from helpers.service.process import SOURCE, RunningService, free_port, through
from labkit.definition import MAIL, USERS

CLIENTS = 4
MAILS_A_SECOND = 50.0
HEALTH_SECONDS = 5.0
LIMIT_SECONDS = 300.0
# The lab's DNS has no DMARC policy for this domain, so that the real Postfix takes its mail from any host.
SENDER = "noreply@bench.test"
SUBJECT = "Benchmark of notifications"
TEXT = "A line of an ordinary notification, such as people get them every day.\n" * 10
BUSY_GOAL, POSTFIX_GOAL, MEMORY_GOAL, IDLE_GOAL = 3.0, 0.6, 200.0, 0.01
OF_BASELINE = {"health a second": 15.0, "accepted a second": 10.0, "handed over a second": 6.0}

Numbers = dict[str, float]
"""Heading of a column -> the number measured."""


@dataclass
class CheckoutService(RunningService):
    """The service of a checkout, run from its source by the Python of its .venv."""

    checkout: Path = ROOT

    def _words(self, *words: str) -> list[str]:
        return [str(self.checkout / ".venv/bin/python"), *super()._words(*words)[1:]]

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "PYTHONPATH": str(self.checkout / SOURCE.relative_to(ROOT))}


@contextlib.contextmanager
def service_to(host: str, port: int, checkout: Path, **queue: Any) -> Iterator[RunningService]:
    """Run the service of a checkout, with SQLite, that sends to this server."""
    with tempfile.TemporaryDirectory() as folder:
        service = CheckoutService(Path(folder), {"queue": queue} if queue else {}, checkout=checkout)
        service.prepare()
        service.start()
        try:
            document = through(port)
            document["notifications"]["smtp"]["host"] = host
            document["notifications"]["from"]["address"] = SENDER
            answer = service.save(document)
            if answer.status_code != 200:
                sys.exit(f"the settings were refused: {answer.text}")
            yield service
        finally:
            service.stop()


def notifications(service: RunningService) -> Iterator[bytes]:
    """Yield requests for notifications without an end."""
    for number in count():
        body = {"kind": "message", "recipients": [{"address": USERS[1]}], "subject": f"{SUBJECT} {number}", "text": TEXT}
        yield request("POST", "/notifications", service.tokens["catalog"], body)


def post(service: RunningService, number: int) -> float:
    """Post this many notifications as fast as they are accepted; return the seconds."""
    return Clients(service.port, CLIENTS, islice(notifications(service), number)).run()


def post_and_send(service: RunningService, number: int) -> float:
    """Post this many notifications; return the seconds until the last is handed over."""
    before, began = sent(service), time.perf_counter()
    post(service, number)
    wait_until_sent(service, before + number)
    return time.perf_counter() - began


def sent(service: RunningService) -> int:
    """Return the number of deliveries that are recorded as sent."""
    with contextlib.closing(sqlite3.connect(f"file:{service.database}?mode=ro", uri=True, timeout=30)) as database:
        return int(database.execute("SELECT count(*) FROM deliveries WHERE state = 'sent'").fetchone()[0])


def wait_until_sent(service: RunningService, number: int) -> None:
    """Wait until this many deliveries are recorded as sent."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (so_far := sent(service)) < number:
        if time.monotonic() > deadline:
            sys.exit(f"{so_far} of {number} were sent within {LIMIT_SECONDS:.0f} s:\n{service.log.read_text()[-3000:]}")
        time.sleep(0.05)


def health(service: RunningService) -> Numbers:
    """Measure GET /health, alone and while mails are sent."""
    asked = request("GET", "/health")
    rate, alone = ask_for(service.port, asked, HEALTH_SECONDS)
    busy: list[float] = []
    before, number = sent(service), round(MAILS_A_SECOND * HEALTH_SECONDS)
    clients = Clients(service.port, CLIENTS, islice(notifications(service), number), MAILS_A_SECOND)
    clients.run(lambda: busy.append(ask_for(service.port, asked, HEALTH_SECONDS)[1]))
    wait_until_sent(service, before + number)
    return {"health a second": rate, "p50 ms": 1000 * alone, "p50 ms, sending": 1000 * busy[0]}


def idle(service: RunningService, seconds: float) -> Numbers:
    """Measure the service when it has nothing to do."""
    assert service.process
    time.sleep(3)
    before = processor_seconds(service.process.pid)
    time.sleep(seconds)
    used = processor_seconds(service.process.pid) - before
    return {"memory MB": proportional_memory(service.process.pid), "processor s, idle": used}


def measure(host: str, port: int, checkout: Path, options: argparse.Namespace) -> Numbers:
    """Return the numbers of the service of one checkout."""
    with service_to(host, port, checkout) as service:
        assert service.process
        post_and_send(service, 100)
        found = health(service)
        before = processor_seconds(service.process.pid)
        found["handed over a second"] = options.number / post_and_send(service, options.number)
        found["processor s for 1,000"] = (processor_seconds(service.process.pid) - before) / options.number * 1000
        found |= idle(service, options.idle)
    # A closed port and this limit: nearly nothing is sent.
    with service_to("127.0.0.1", free_port(), checkout, per_second=1) as service:
        found["accepted a second"] = options.number / post(service, options.number)
    return found


def plain_loop(host: str, port: int, number: int) -> float:
    """Return the seconds that this many mails take over one connection."""
    message = f"From: {SENDER}\nTo: {USERS[1]}\nSubject: {SUBJECT}\n\n{TEXT}{TEXT}".replace("\n", "\r\n")
    began = time.perf_counter()
    with smtplib.SMTP(host, port, timeout=60) as client:
        for _ in range(number):
            client.sendmail(SENDER, [USERS[1]], message)
    return time.perf_counter() - began


def into_sink(options: argparse.Namespace) -> list[Goal]:
    """Measure everything through the sink, print the tables, return the goals."""
    checkouts = {"service": ROOT, **({"baseline": options.baseline.resolve()} if options.baseline else {})}
    rounds: dict[str, list[Numbers]] = defaultdict(list)
    floors = []
    with smtp_sink() as (host, port):
        for _ in range(options.rounds):
            floors.append(options.number / plain_loop(host, port, options.number))
            for name, checkout in checkouts.items():
                rounds[name].append(measure(host, port, checkout, options))
    found = {name: {key: statistics.median(one[key] for one in each) for key in each[0]} for name, each in rounds.items()}
    for columns in (
        ("health a second", "p50 ms", "p50 ms, sending", "accepted a second", "handed over a second"),
        ("processor s for 1,000", "memory MB", "processor s, idle"),
    ):
        rows = [[name, *(numbers[column] for column in columns)] for name, numbers in found.items()]
        if "baseline" in found:
            rows.append(["service / baseline", *(found["service"][column] / found["baseline"][column] for column in columns)])
        print(table(["", *columns], rows), end="\n\n")
    service, floor = found["service"], statistics.median(floors)
    handed_over = service["handed over a second"]
    rows = [["smtplib into the sink", floor, ""], ["handed over", handed_over, handed_over / floor]]
    print(table(["", "a second", "of smtplib"], rows), end="\n\n")
    goals = [
        Goal("p50 of GET /health while mails are sent, as a multiple of the idle one,",
             service["p50 ms, sending"] / service["p50 ms"], BUSY_GOAL),
        Goal("memory of all processes (PSS, MB)", service["memory MB"], MEMORY_GOAL),
        Goal("share of a processor when idle", service["processor s, idle"] / options.idle, IDLE_GOAL),
    ]  # fmt: skip
    if "baseline" in found:
        goals += [
            Goal(f"{column}, as a multiple of the baseline's,", service[column] / found["baseline"][column], goal, at_least=True)
            for column, goal in OF_BASELINE.items()]
    return goals


def into_postfix(options: argparse.Namespace) -> list[Goal]:
    """Measure handing over to the real Postfix, print a table, return the goal."""
    number = max(options.number // 4, 100)
    loops, services = [], []
    with real_postfix(USERS[1], SUBJECT) as (host, port), service_to(host, port, ROOT) as service:
        post_and_send(service, 50)
        for _ in range(options.rounds):
            wait_until_delivered()
            loops.append(number / plain_loop(host, port, number))
            wait_until_delivered()
            services.append(number / post_and_send(service, number))
    ratio = statistics.median(one / loop for one, loop in zip(services, loops, strict=True))
    rows = [["smtplib into Postfix", statistics.median(loops), ""], ["handed over", statistics.median(services), ratio]]
    print(table(["", "a second", "of smtplib"], rows), end="\n\n")
    return [Goal("handed over to Postfix, as a share of plain smtplib,", ratio, POSTFIX_GOAL, at_least=True)]


def main() -> int:
    """Measure, print, and compare with the goals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds")
    parser.add_argument("--lab", action="store_true", help="the lab's Postfix only")
    parser.add_argument("--baseline", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    lab("up", MAIL)
    print(f"{options.number} notifications, {options.rounds} rounds, SQLite, {CLIENTS} clients")
    goals = [] if options.lab else into_sink(options)
    return conclude([*goals, *into_postfix(options)])


if __name__ == "__main__":
    sys.exit(main())
