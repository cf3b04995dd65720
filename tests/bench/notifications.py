# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the notifications a second that the API accepts and the service delivers to a mail server, against the least possible.

Prints a table and a line that says whether the goal is met (100 a second accepted and handed over, with SQLite); ends
with 1 when it is not. Everything runs on this machine and at the same time: who posts, the service, the mail server.

- accepted: posts answered with 202, by four clients at once, while messages are being sent
- handed over: from the first post until the mail server has taken the last message
- posts alone: the same posts while next to nothing is sent; the floor of accepting
- smtplib: the same number of messages of the same size in a plain loop over one connection; the floor of sending
- memory: resident, before the first post and at its highest

By default the mail server is aiosmtpd in a process of its own. `--lab` takes the Postfix of the lab's mail host, with all
that it does on the same processors: its queue, DKIM and DMARC, delivery to a mailbox, which is emptied of it at the end.

Usage: notifications.py [NUMBER] [--lab], 1500 by default.
"""

from __future__ import annotations

import argparse
import http.client
import json
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "molecule/shared"))

from helpers.modules.lab_host import LabHost
from helpers.service.process import RunningService, free_port, through
from labkit.definition import MAIL, MAIL_ADDRESS, USERS

GOAL = 100.0
CLIENTS = 4
RECIPIENT = USERS[1]
LIMIT_SECONDS = 180.0
SUBJECT = "Benchmark of notifications"
TEXT = "A line of an ordinary notification, such as people get them every day.\n" * 10
SINK = """
import sys, time
sys.path.insert(0, sys.argv[1])
from helpers.service.smtp_sink import MailSink
with MailSink() as sink:
    print(sink.port, flush=True)
    sys.stdin.read()
"""


@contextmanager
def local_server() -> Iterator[tuple[str, int]]:
    """Run an SMTP server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SINK, str(Path(__file__).parents[1])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        yield "127.0.0.1", int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(timeout=10)


@contextmanager
def lab_server() -> Iterator[tuple[str, int]]:
    """Use the mail host of the lab; remove the delivered messages at the end."""
    try:
        yield MAIL_ADDRESS, 25
    finally:
        # Messages still in its queue arrive too late to be removed.
        LabHost(MAIL).sh(f"postqueue -f; sleep 5; doveadm expunge -u {RECIPIENT} mailbox '*' subject '{SUBJECT}'")


def post_all(service: RunningService, number: int, to: str) -> float:
    """Post `number` notifications from several clients with persistent connections. Returns the duration in seconds."""
    numbers = iter(range(number))
    lock = threading.Lock()
    failures: list[str] = []
    began = time.monotonic()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        headers = {"Authorization": f"Bearer {service.tokens['catalog']}", "Content-Type": "application/json"}
        while True:
            with lock:
                mine = next(numbers, None)
            if mine is None or failures:
                return
            body = {"kind": "message", "recipients": [{"address": to}], "subject": f"{SUBJECT} {mine}", "text": TEXT}
            connection.request("POST", "/api/v1/notifications", json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 202:
                failures.append(f"{answer.status} {content[:500]!r}")

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_SECONDS)
    if failures:
        sys.exit(f"a post was not accepted: {failures[0]}\n{service.log.read_text()[-2000:]}")
    return time.monotonic() - began


def wait_until_sent(service: RunningService, number: int, began: float) -> float:
    """Return the seconds from `began` until the service reports that many messages as sent."""
    while True:
        metrics = service.call("GET", "/metrics", role=None).text
        if f'catalog_mail_deliveries{{state="sent"}} {number:.1f}' in metrics:
            return time.monotonic() - began
        if time.monotonic() - began > LIMIT_SECONDS:
            sys.exit(f"not all were sent within {LIMIT_SECONDS:.0f} seconds:\n{metrics}")
        time.sleep(0.1)


def plain_loop(host: str, port: int, number: int, to: str) -> float:
    """Return the seconds that this many messages take over one connection."""
    message = f"From: noreply@corp.test\nTo: {to}\nSubject: {SUBJECT}\n\n{TEXT}{TEXT}".replace("\n", "\r\n")
    began = time.monotonic()
    with smtplib.SMTP(host, port, timeout=30) as client:
        for _ in range(number):
            client.sendmail("noreply@corp.test", [to], message)
    return time.monotonic() - began


def memory(service: RunningService, name: str) -> float:
    """Return the memory in MB from a line of /proc/PID/status: VmRSS now, VmHWM at its highest."""
    assert service.process
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")) / 1024


def make_service(folder: Path, host: str, port: int, **queue: Any) -> RunningService:
    """Start a service with SQLite that sends to this server."""
    folder.mkdir()
    service = RunningService(folder, {"queue": queue} if queue else {})
    service.prepare()
    service.start()
    document = through(port)
    document["notifications"]["smtp"]["host"] = host
    answer = service.save(document)
    if answer.status_code != 200:
        sys.exit(f"the settings were refused: {answer.text}")
    return service


def measure(host: str, port: int, number: int, to: str) -> dict[str, float]:
    """Return all numbers of the table: rates per second, and MB."""
    with tempfile.TemporaryDirectory() as folder:
        service = make_service(Path(folder) / "service", host, port)
        try:
            idle = memory(service, "VmRSS")
            began = time.monotonic()
            posting = post_all(service, number, to)
            sending = wait_until_sent(service, number, began)
            highest = memory(service, "VmHWM")
        finally:
            service.stop()
        quiet = make_service(Path(folder) / "quiet", "127.0.0.1", free_port(), per_second=1)
        try:
            alone = post_all(quiet, number, to)
        finally:
            quiet.stop()
    loop = plain_loop(host, port, number, to)
    return {
        "accepted": number / posting,
        "handed over": number / sending,
        "posts alone": number / alone,
        "smtplib": number / loop,
        "memory idle": idle,
        "memory highest": highest,
    }


def main() -> int:
    """Measure, print, and compare with the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=1500)
    parser.add_argument("--lab", action="store_true")
    options = parser.parse_args()
    with lab_server() if options.lab else local_server() as (host, port):
        found = measure(host, port, options.number, RECIPIENT)
    print(f"{options.number} notifications, SQLite, through {'the Postfix of the lab' if options.lab else 'aiosmtpd'}")
    print(f"{'':16}{'a second':>10}{'of the floor':>14}")
    for name, floor in (("accepted", "posts alone"), ("handed over", "smtplib"), ("posts alone", ""), ("smtplib", "")):
        ratio = f"{found[name] / found[floor]:>13.0%}" if floor else ""
        print(f"{name:16}{found[name]:>10.0f} {ratio}")
    print(f"memory: {found['memory idle']:.0f} MB idle, {found['memory highest']:.0f} MB at its highest")
    met = min(found["accepted"], found["handed over"]) >= GOAL
    print(f"goal of {GOAL:.0f} a second accepted and handed over: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
