# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure whether memory stays flat while notifications are sent and replies are read, for hours.

The real service with SQLite, a mail server that keeps nothing, a real Dovecot whose mailbox is emptied between two portions.
After each portion nothing is left to do; then the proportional set size of the processes is read. Prints it over time, and its
slope in bytes a message from the second quarter on: the first fills pools and caches. Ends with 1 when the straight line
through the samples rises by more than 8 MB. With few messages that lets a large slope pass, and pools and caches still fill in
the later quarters: the slope above which the run would have failed is printed beside the other, and only a run with the numbers
below says that memory is flat.

Usage: memory.py [--notifications 300000] [--replies 50000] [--portions 40]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.service.discarding_smtp import discarding_server
from helpers.service.dovecot import Dovecot
from helpers.service.memory_use import Sample, memory_of, slope
from helpers.service.process import RunningService, started_service, through
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink

CLIENTS, RECIPIENTS, MENTIONS = 4, 500, 20
MOST_GROWTH = 8 << 20
# Seconds after which a portion that is not done is given up.
STUCK = 3600.0
TEXT = "A line of an ordinary notification, such as people get them every day.\n" * 10


def portions(total: int, parts: int) -> list[int]:
    """Return `parts` numbers whose sum is `total`."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


def wait_until(done: Callable[[], bool], service: RunningService) -> None:
    deadline = time.monotonic() + STUCK
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"a portion is not done after {STUCK:.0f} s:\n{service.log.read_text()[-3000:]}")
        time.sleep(0.2)


def measure(what: str, pid: int, sizes: Iterable[int], work: Callable[[int], None]) -> bool:
    """Do the work portion by portion, and print the memory after each; return whether it stays flat."""
    print(f"\n{what}\n{'messages':>12}{'MB':>10}{'a second':>12}", flush=True)
    samples: list[Sample] = []
    for size in sizes:
        began = time.monotonic()
        work(size)
        samples.append(Sample((samples[-1].messages if samples else 0) + size, memory_of(pid)))
        rate = size / (time.monotonic() - began)
        print(f"{samples[-1].messages:>12}{samples[-1].bytes / (1 << 20):>10.1f}{rate:>12.0f}", flush=True)
    later = samples[len(samples) // 4 :]
    messages = later[-1].messages - later[0].messages
    rise = slope(later) * messages
    print(
        f"slope: {slope(later):.1f} bytes a message, at most {MOST_GROWTH / messages:.1f}; "
        f"over the last three quarters {rise / (1 << 20):+.1f} MB", flush=True)  # fmt: skip
    return rise <= MOST_GROWTH


class Poster:
    """Posts notifications over connections that are kept."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._numbers = count()
        self._sent = 0
        self._failures: list[str] = []

    def post(self, size: int) -> None:
        """Post this many, and wait until all are sent."""
        share = [size // CLIENTS + (place < size % CLIENTS) for place in range(CLIENTS)]
        threads = [threading.Thread(target=self._post, args=(number,)) for number in share]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            sys.exit(f"a post was not accepted: {self._failures[0]}")
        self._sent += size
        wait_until(self._all_sent, self._service)

    def _post(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=60)
        headers = {"Authorization": f"Bearer {self._service.tokens['catalog']}", "Content-Type": "application/json"}
        for place in islice(self._numbers, number):
            body = {"kind": "message", "recipients": [{"address": f"user{place % RECIPIENTS}@corp.test"}],
                    "subject": f"Number {place}", "text": TEXT, "idempotency_key": f"soak-{place}"}  # fmt: skip
            connection.request("POST", "/api/v1/notifications", json.dumps(body), headers)
            reply = connection.getresponse()
            content = reply.read()
            if reply.status != 202:
                self._failures.append(f"{reply.status} {content[:500]!r}")
                return
        connection.close()

    def _all_sent(self) -> bool:
        metrics = self._service.call("GET", "/metrics", role=None).text
        sent = next(line for line in metrics.splitlines() if line.startswith('catalog_mail_deliveries{state="sent"}'))
        return float(sent.split()[1]) >= self._sent


def notifications(total: int, parts: int) -> bool:
    """Send this many notifications."""
    with (
        tempfile.TemporaryDirectory() as folder,
        discarding_server() as port,
        started_service(Path(folder)) as service,
    ):
        assert service.save(through(port)).status_code == 200
        assert service.process
        return measure("serve, with its processes", service.process.pid, portions(total, parts), Poster(service).post)


class Replies:
    """A mailbox that gets replies, and is emptied when all are read."""

    def __init__(self, service: RunningService, dovecot: Dovecot, sink: MailSink) -> None:
        self._service = service
        self._roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
        self._roundtrip.set_up()
        self._mails = cycle([self._roundtrip.mention(f"Table {number}")[1] for number in range(MENTIONS)])
        self._maildir = dovecot.folder / "mail" / self._roundtrip.user / "Maildir"
        self._numbers = count()

    def answer(self, size: int) -> None:
        """Deliver this many replies, and wait until all are read."""
        for number, mail in islice(zip(self._numbers, self._mails, strict=False), size):
            text = f"This is answer {number}. The table has last year's orders.\n\nThanks, and greetings\nJane"
            self._roundtrip.receive(answer(mail, text))
        wait_until(lambda: all("S" in path.name.rpartition(",")[2] for path in self._messages()), self._service)
        for path in self._messages():
            path.unlink()

    def _messages(self) -> Iterator[Path]:
        return (path for folder in ("new", "cur") for path in (self._maildir / folder).iterdir())


def replies(total: int, parts: int) -> bool:
    """Read this many replies."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dovecot, sink = stack.enter_context(Dovecot()), stack.enter_context(MailSink())
        service = stack.enter_context(started_service(folder))
        mailbox = Replies(service, dovecot, sink)
        process = stack.enter_context(service.syncing())
        return measure("reply-sync", process.pid, portions(total, parts), mailbox.answer)


def main() -> int:
    """Measure both; compare with the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--notifications", type=int, default=300_000)
    parser.add_argument("--replies", type=int, default=50_000)
    parser.add_argument("--portions", type=int, default=40)
    options = parser.parse_args()
    flat = [
        run(total, options.portions)
        for run, total in ((notifications, options.notifications), (replies, options.replies))
        if total
    ]
    print(f"\ngoal of a rise of at most {MOST_GROWTH >> 20} MB: {'met' if all(flat) else 'MISSED'}")
    return 0 if all(flat) else 1


if __name__ == "__main__":
    sys.exit(main())
