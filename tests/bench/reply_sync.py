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
- floor: Dovecot alone, which fetches and flags the same messages in the chunks of the service, and nothing is done with them
- delay: from the delivery of a message to its post, through IDLE, one message after the other
- idle: memory (PSS) and processor time of the service's processes while they wait
- decision: microseconds for each KB of a message, over its size up to the limit, for ordinary and for hostile ones

Ends with 1 if a goal is missed. What binds are multiples of the naive loop in the same run, and of the posts that a catalog of
10 ms can answer to the service's 4 workers; the goals are those of the function `goals`.

Usage: reply_sync.py [NUMBER], 2000 by default.
"""

from __future__ import annotations

import argparse
import contextlib
import imaplib
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

from helpers.bench.process_costs import processor_seconds, proportional_memory
from helpers.bench.report import Goal, conclude
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
CHUNK = 200
SLOW, WORKERS = 0.010, 4
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
        before_it = processor_seconds(process.pid)
        rate = number / (bench.wait_until_read() - ready)
        used = processor_seconds(process.pid) - before_it
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


def floor(bench: Bench, number: int) -> float:
    """Return the messages a second of Dovecot alone: sizes, contents and flags of CHUNK messages a command."""
    bench.mailbox(number)
    context = ssl.create_default_context(cafile=str(bench.dovecot.authority.file))
    user = bench.roundtrip.user
    with imaplib.IMAP4_SSL("localhost", bench.dovecot.imaps, ssl_context=context) as imap:
        imap.login(user, bench.dovecot.password(user))
        imap.select("INBOX")
        began = time.monotonic()
        keys = imap.uid("SEARCH", "UNSEEN")[1][0].decode().split()
        for start in range(0, len(keys), CHUNK):
            chosen = f"{keys[start]}:{keys[min(start + CHUNK, len(keys)) - 1]}"
            imap.uid("FETCH", chosen, "(RFC822.SIZE INTERNALDATE)")
            imap.uid("FETCH", chosen, "(BODY.PEEK[])")
            imap.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")
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
    """Return the MB of PSS and the processor share in percent of the processes that wait after some work."""
    bench.mailbox(10)
    with bench.syncing() as (process, _start, _ready):
        bench.wait_until_read()
        time.sleep(3)
        before = processor_seconds(process.pid)
        time.sleep(IDLE_SECONDS)
        used = processor_seconds(process.pid) - before
        memory = proportional_memory(process.pid)
    return memory, 100 * used / IDLE_SECONDS


@dataclass(frozen=True)
class Found:
    """All that was measured; the rates are messages a second."""

    embedded: Backlog
    webhook: Backlog
    slow: Backlog
    naive: float
    naive_slow: float
    floor: float
    delays: list[float]
    memory: float
    idle_share: float

    def late(self) -> float:
        """Return the seconds within which 99 of 100 messages were posted."""
        return self.delays[max(int(len(self.delays) * 0.99) - 1, 0)]

    def table(self) -> str:
        """Return the rates, with their multiples of the naive loop with the same catalog and their share of the floor."""
        rows: list[tuple[str, float, float | None, float]] = [
            ("Dovecot alone: fetch and flag (floor)", self.floor, None, self.naive),
            ("naive, a catalog that answers at once", self.naive, None, self.naive),
            ("reply-sync, embedded conversations", self.embedded.rate, self.embedded.processor, self.naive),
            ("reply-sync, a catalog that answers at once", self.webhook.rate, self.webhook.processor, self.naive),
            (f"naive, a catalog of {SLOW * 1000:.0f} ms", self.naive_slow, None, self.naive_slow),
            (f"reply-sync, a catalog of {SLOW * 1000:.0f} ms", self.slow.rate, self.slow.processor, self.naive_slow),
        ]
        head = f"{'':48}{'a second':>10}{'processor for 1,000':>21}{'times naive':>13}{'of the floor':>14}"
        return "\n".join([head, *(
            f"{name:48}{rate:>10.0f}{'' if processor is None else f'{processor:.2f} s':>21}{rate / plain:>13.2f}"
            f"{rate / self.floor:>14.2f}"
            for name, rate, processor, plain in rows
        )])  # fmt: skip


def goals(found: Found) -> list[Goal]:
    """Return the goals of the service."""
    return [
        Goal("embedded, times naive", found.embedded.rate / found.naive, 4.5, at_least=True),
        Goal("embedded, seconds of processor for 1,000", found.embedded.processor, 0.5),
        Goal("catalog that answers at once, times naive", found.webhook.rate / found.naive, 4.0, at_least=True),
        Goal("catalog of 10 ms, share of workers / latency", found.slow.rate / (WORKERS / SLOW), 0.9, at_least=True),
        Goal("delay of 99 of 100, seconds", found.late(), 1.0),
        Goal("idle, MB of PSS", found.memory, 70.0),
        Goal("idle, percent of a processor", found.idle_share, 0.5),
    ]


def measure(bench: Bench, number: int, fast: Catalog, slow: Catalog) -> Found:
    """Measure all, the floor and the naive loop between the others, so that a busy machine slows each alike."""
    fewer = max(number // 2, 1)
    embedded = backlog(bench, number, None)
    lowest, plain = floor(bench, number), naive(bench, number, fast)
    webhook = backlog(bench, number, fast)
    late = backlog(bench, fewer, slow)
    plain_late = naive(bench, max(number // 4, 1), slow)
    memory, share = idle(bench)
    return Found(embedded, webhook, late, plain, plain_late, lowest, delays(bench), memory, share)


def main() -> int:
    """Measure, print, and compare with the goals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=2000)
    number = parser.parse_args().number
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(folder, stack.enter_context(Dovecot()), stack.enter_context(MailSink()))
        stack.callback(bench.service.stop)
        fast, slow = (stack.enter_context(catalog(delay)) for delay in (0.0, SLOW))
        found = measure(bench, number, fast, slow)
    size = sum(bench.sizes) / len(bench.sizes) / 1000
    print(f"{number} messages of {size:.1f} KB in the mailbox, Dovecot with TLS, SQLite\n{found.table()}")
    print(f"delay of {len(found.delays)} messages: half within {found.delays[len(found.delays) // 2]:.3f} s, "
          f"the last {found.delays[-1]:.3f} s; start of the process: {found.embedded.start:.1f} s")  # fmt: skip
    print(growth())
    return conclude(goals(found))


if __name__ == "__main__":
    sys.exit(main())
