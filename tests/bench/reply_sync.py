# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the rate at which replies are posted from a mailbox to their conversations, against the plain loop of most programs.

A real Dovecot with TLS on this machine; the same messages, an answer as a mail program writes it, for everybody. Measured:

- backlog: unread messages a second, from the moment that the service has read its settings (the start of the process is shown
  by itself) until the last message is marked; with the embedded conversations, and with another catalog that answers at once;
  and what they cost of a processor, which is the same on a busy machine
- a catalog that takes 10 ms for each reply
- naive: imap-tools fetches, requests posts and imap-tools flags one message after the other, over connections that are kept; the
  same catalog, and neither intents nor text are looked at
- delay: from the delivery of a message to its post, through IDLE, one message after the other
- idle: resident memory and processor time of a process that waits
- decision: microseconds for each KB of a message, over its size up to the limit, for ordinary and for hostile ones

Ends with 1 if a goal is missed: 1,000 messages a second from the backlog, 99 of 100 posted within a second, 80 MB idle.

Usage: reply_sync.py [NUMBER], 2000 by default.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.service.process import SOURCE, RunningService

sys.path.insert(0, str(SOURCE))

import requests
from helpers.service.decision_cost import growth
from helpers.service.dovecot import Dovecot
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.service.webhook_sink import SECRET
from imap_tools import AND, MailBox

MENTIONS = 20
GOAL_A_SECOND, GOAL_DELAY, GOAL_MB = 1000.0, 1.0, 80.0
SLOW = 0.010
DELAYED = 100
IDLE_SECONDS = 30.0
LIMIT_SECONDS = 300.0
CATALOG = """
import sys
sys.path.insert(0, sys.argv[1])
from helpers.service.webhook_sink import WebhookSink
with WebhookSink(delay=float(sys.argv[2]), checks=False) as sink:
    print(sink.url, flush=True)
    for line in sys.stdin:
        print(len(sink.taken), flush=True)
"""


@dataclass
class Catalog:
    """Another catalog, in a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def taken(self) -> int:
        """Return the number of replies that the catalog has accepted."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def catalog(delay: float) -> Iterator[Catalog]:
    """Run a catalog that takes this many seconds for each reply."""
    process = subprocess.Popen(
        [sys.executable, "-c", CATALOG, str(Path(__file__).parents[1]), str(delay)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        yield Catalog(process.stdout.readline().strip(), process)
    finally:
        process.kill()
        process.wait(timeout=10)


class Bench:
    """The service, its mail server, and mentions that await replies."""

    def __init__(self, folder: Path, dovecot: Dovecot, sink: MailSink) -> None:
        self.dovecot = dovecot
        self.service = RunningService(folder)
        self.service.prepare()
        self.service.start()
        self.roundtrip = RoundTrip(self.service, sink, dovecot, dovecot.add_user())
        self.roundtrip.set_up()
        self.mails: list[EmailMessage] = [self.roundtrip.mention(f"Table {number}")[1] for number in range(MENTIONS)]
        self.sizes: list[int] = []

    def mailbox(self, number: int) -> None:
        """Create a mailbox with this many replies, and read replies from it."""
        self.roundtrip.user = self.dovecot.add_user()
        for mail, place in zip(cycle(self.mails), range(number), strict=False):
            self.arrive(mail, place)
        self.roundtrip.save()

    def arrive(self, mail: EmailMessage, place: int) -> None:
        content = answer(mail, f"This is answer {place}. The table has last year's orders.\n\nThanks, and greetings\nJane")
        self.sizes.append(len(content))
        self.roundtrip.receive(content)

    def to_catalog(self, other: Catalog | None) -> None:
        """Set the destination of replies: another catalog, or None for the embedded conversations."""
        secret = self.service.folder / "secret"
        secret.write_text(SECRET)
        replies = {"webhook_url": other.url, "webhook_secret_file": str(secret)} if other else {}
        self.service.configure(replies=replies)

    def unread(self) -> int:
        with self.dovecot.connection(self.roundtrip.user) as imap:
            imap.select("INBOX", readonly=True)
            return len(imap.search(None, "UNSEEN")[1][0].split())

    def wait_until_read(self) -> float:
        """Return the time of the last mark, read from the file's name: polling Dovecot would slow Dovecot."""
        maildir = self.dovecot.folder / "mail" / self.roundtrip.user / "Maildir"
        deadline = time.monotonic() + LIMIT_SECONDS
        while any("S" not in name.rpartition(",")[2] for name in os.listdir(maildir / "new") + os.listdir(maildir / "cur")):
            if time.monotonic() > deadline:
                sys.exit(f"not all were read within {LIMIT_SECONDS:.0f} s:\n{self.service.log.read_text()[-3000:]}")
            time.sleep(0.03)
        at = time.monotonic()
        assert self.unread() == 0
        return at

    def posted(self) -> int:
        with sqlite3.connect(self.service.database) as connection:
            return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])

    @contextmanager
    def syncing(self) -> Iterator[tuple[subprocess.Popen[bytes], float, float]]:
        """Run the process; yield the process, the seconds of its start, and the time when it was ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            address = str(self.service.folder / f"notify{time.monotonic_ns()}")
            told.bind(address)
            told.settimeout(60)
            os.environ["NOTIFY_SOCKET"] = address
            began = time.monotonic()
            process = self.service.background("reply-sync")
            del os.environ["NOTIFY_SOCKET"]
            try:
                while b"READY=1" not in told.recv(4096):
                    pass
                ready = time.monotonic()
                yield process, ready - began, ready
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)


@dataclass(frozen=True)
class Backlog:
    """Messages a second, the seconds of the start, and processor seconds for 1,000 messages."""

    rate: float
    start: float
    processor: float


def backlog(bench: Bench, number: int, other: Catalog | None) -> Backlog:
    """Measure this many unread messages, from ready to the last mark."""
    before = other.taken() if other else bench.posted()
    bench.to_catalog(other)
    bench.mailbox(number)
    with bench.syncing() as (process, start, ready):
        before_it = _cpu(process.pid)
        rate = number / (bench.wait_until_read() - ready)
        used = _cpu(process.pid) - before_it
    came = (other.taken() if other else bench.posted()) - before
    if came != number:
        sys.exit(f"{came} of {number} were posted:\n{bench.service.log.read_text()[-3000:]}")
    return Backlog(rate, start, used / number * 1000)


def naive(bench: Bench, number: int, other: Catalog) -> float:
    """Return the messages a second of a plain loop."""
    bench.mailbox(number)
    context = ssl.create_default_context(cafile=str(bench.dovecot.authority.file))
    began = time.monotonic()
    user = bench.roundtrip.user
    with (
        MailBox("localhost", bench.dovecot.imaps, ssl_context=context).login(user, bench.dovecot.password(user)) as mailbox,
        requests.Session() as session,
    ):
        for message in mailbox.fetch(AND(seen=False), mark_seen=False, bulk=False):
            session.post(other.url, json={"text": message.text}, headers={"webhook-id": message.uid or ""}, timeout=10)
            assert message.uid
            mailbox.flag(message.uid, "\\Seen", True)
    rate = number / (time.monotonic() - began)
    assert bench.unread() == 0
    return rate


def delays(bench: Bench) -> list[float]:
    """Return the seconds from delivery to post, shortest first, with the embedded conversations."""
    bench.to_catalog(None)
    bench.mailbox(1)
    found = []
    with bench.syncing(), sqlite3.connect(bench.service.database) as connection:
        bench.wait_until_read()
        time.sleep(2)
        for mail, place in zip(cycle(bench.mails), range(DELAYED), strict=False):
            before = connection.execute("SELECT count(*) FROM replies").fetchone()[0]
            began = time.monotonic()
            bench.arrive(mail, place)
            while connection.execute("SELECT count(*) FROM replies").fetchone()[0] == before:
                if time.monotonic() - began > 60:
                    sys.exit(f"a message was not posted within a minute:\n{bench.service.log.read_text()[-3000:]}")
                time.sleep(0.002)
            found.append(time.monotonic() - began)
            time.sleep(0.1 + place % 7 * 0.05)
    return sorted(found)


def idle(bench: Bench) -> tuple[float, float]:
    """Return the resident MB and the processor share in percent of a process that waits after some work."""
    bench.mailbox(10)
    with bench.syncing() as (process, _start, _ready):
        bench.wait_until_read()
        time.sleep(3)
        before = _cpu(process.pid)
        time.sleep(IDLE_SECONDS)
        used = _cpu(process.pid) - before
        status = Path(f"/proc/{process.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    return resident, 100 * used / IDLE_SECONDS


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, found: Backlog | float) -> None:
    """Print a line of the table."""
    rate, processor = (found.rate, f"{found.processor:>12.2f} s") if isinstance(found, Backlog) else (found, "")
    print(f"{name:52}{rate:>8.0f}{processor}", flush=True)


def main() -> int:
    """Measure, print, and compare with the goals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=2000)
    number = parser.parse_args().number
    fewer = max(number // 4, 1)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(folder, stack.enter_context(Dovecot()), stack.enter_context(MailSink()))
        stack.callback(bench.service.stop)
        fast, slow = (stack.enter_context(catalog(delay)) for delay in (0.0, SLOW))
        print(f"{number} messages in the mailbox, Dovecot with TLS, SQLite"
              f"{'a second':>13}{'processor for 1,000':>22}", flush=True)  # fmt: skip
        embedded = backlog(bench, number, None)
        show("reply-sync, embedded conversations", embedded)
        show("reply-sync, another catalog", backlog(bench, number, fast))
        plain = naive(bench, number, fast)
        show("naive, another catalog", plain)
        show(f"reply-sync, a catalog of 10 ms, 4 workers ({fewer})", backlog(bench, fewer, slow))
        show(f"naive, a catalog of 10 ms ({fewer})", naive(bench, fewer, slow))
        found = delays(bench)
        late = sum(delay > GOAL_DELAY for delay in found)
        print(f"delay of {len(found)} messages: half within {found[len(found) // 2]:.3f} s, 99 of 100 within "
              f"{found[int(len(found) * 0.99) - 1]:.3f} s, the last {found[-1]:.3f} s", flush=True)  # fmt: skip
        resident, share = idle(bench)
        print(f"idle: {resident:.0f} MB, {share:.1f} % of a processor; start of the process: {embedded.start:.1f} s")
        print(f"messages are of {sum(bench.sizes) / len(bench.sizes) / 1000:.1f} KB")
    print(growth())
    met = embedded.rate >= GOAL_A_SECOND and late <= len(found) // 100 and resident < GOAL_MB
    goal = f"goal of {GOAL_A_SECOND:.0f} a second, 99 of 100 within {GOAL_DELAY:.0f} s, less than {GOAL_MB:.0f} MB"
    print(f"{goal}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
