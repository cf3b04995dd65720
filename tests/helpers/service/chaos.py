# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process replies while processes are killed at random; count the results against the expected ones.

Two processes read one mailbox. At random moments they, the application and the mail server are killed, the mailbox gets new
UIDs, another catalog fails in each of its ways, and the application's storage fails. The random numbers are seeded.
"""

from __future__ import annotations

import imaplib
import itertools
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import partial

from sqlalchemy import text

from helpers.service.dovecot import Dovecot
from helpers.service.outages import Outage, Storage, connection_to
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.service.webhook_sink import SECRET, Answer, Request, WebhookSink
from helpers.waiting import PATIENCE, wait_until

READERS = 2
BACKLOG = 150
MENTIONS = 5
# Out of ten messages of the feed; the rest are replies that are posted.
COPY, AWAY, EMPTY, STRANGER = 2, 3, 5, 7
POSTED, IGNORED, REJECTED = "$CatalogPosted", "$CatalogIgnored", "$CatalogRejected"


@dataclass
class Expected:
    """Expected results: keywords by message, and the texts of posts."""

    keywords: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


@dataclass
class Result:
    """Actual results; `faults` are sentences, empty when all is well."""

    seed: int
    counts: Counter[str]
    faults: list[str]

    def __str__(self) -> str:
        counted = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        return "\n".join([f"seed {self.seed}: {counted}", *self.faults])


class Chaos:
    """A service with its mailbox; `webhook` is the other catalog, None for the embedded conversations."""

    def __init__(
        self,
        service: RunningService,
        sink: MailSink,
        dovecot: Dovecot,
        *,
        storage: Storage,
        webhook: WebhookSink | None,
        seed: int,
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._seed = seed
        self._service, self._dovecot, self._storage, self._webhook = service, dovecot, storage, webhook
        self._roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
        self._roundtrip.set_up(sync_interval=10)
        self._mails = [self._roundtrip.mention(f"Table {number}")[1] for number in range(MENTIONS)]
        self._readers: list[subprocess.Popen[bytes] | None] = [None] * READERS
        self._expected = Expected()
        self._numbers = itertools.count(1)
        self._last: bytes | None = None
        self._counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._calm = threading.Event()
        if webhook:
            webhook.plan = self._plan
            secret = service.folder / "secret"
            secret.write_text(SECRET)
            service.configure(replies={"webhook_url": webhook.url, "webhook_secret_file": str(secret), "timeout": 1})

    def run(self, seconds: float) -> Result:
        """Run with faults for this many seconds, then without until all messages are handled."""
        for _ in range(BACKLOG):
            self._arrive()
        feeder = threading.Thread(target=self._feed, daemon=True)
        feeder.start()
        try:
            for place in range(READERS):
                self._start_reader(place)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                time.sleep(self._chance.uniform(0.2, 3.5))
                self._inject_fault()
        finally:
            self._stop.set()
            feeder.join(PATIENCE)
        try:
            return self._settle()
        finally:
            for reader in self._readers:
                if reader and reader.poll() is None:
                    reader.kill()
                    reader.wait(PATIENCE)

    # -- arriving messages -------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        pauses = random.Random(self._seed)  # noqa: S311  # no secret
        while not self._stop.wait(pauses.uniform(0.01, 0.08)):
            self._arrive()

    def _arrive(self) -> None:
        number = next(self._numbers)
        kind = number % 10
        if kind == COPY and self._last:
            self._deliver(number, self._last, POSTED)
            return
        mail = self._mails[number % MENTIONS]
        text = f"Answer {number}."
        if kind == AWAY:
            self._deliver(number, answer(mail, text, Auto_Submitted="auto-replied"), IGNORED)
        elif kind == EMPTY:
            self._deliver(number, answer(mail, ""), REJECTED)
        elif kind == STRANGER:
            self._deliver(number, answer(mail, text, "mallory@evil.test"), REJECTED)
        else:
            self._last = answer(mail, text)
            self._expected.texts.add(text)
            self._deliver(number, self._last, POSTED)

    def _deliver(self, number: int, content: bytes, keyword: str) -> None:
        self._expected.keywords[str(number)] = keyword
        self._roundtrip.receive(f"X-Number: {number}\r\n".encode() + content)
        self._counts["messages"] += 1

    # -- faults ------------------------------------------------------------------------------------------------------

    def _inject_fault(self) -> None:
        blows: dict[str, tuple[int, Callable[[], None]]] = {
            "reply-sync killed": (6, self._kill_reader),
            "application killed": (2, self._kill_application),
            "Dovecot killed": (2, self._kill_dovecot),
            "UIDVALIDITY changed": (1, self._renumber),
            "all killed": (1, self._kill_all),
            **{f"storage {name}": (1, partial(self._fail_storage, fail)) for name, fail in self._storage.outages().items()},
        }
        (name,) = self._chance.choices(list(blows), [weight for weight, _blow in blows.values()])
        self._counts[name] += 1
        blows[name][1]()

    def _kill_reader(self) -> None:
        place = self._chance.randrange(READERS)
        reader = self._readers[place]
        if reader:
            if reader.poll() is not None:
                self._counts["reply-sync ended by itself"] += 1
            reader.kill()
            reader.wait(PATIENCE)
        self._start_reader(place)

    def _kill_application(self) -> None:
        self._service.kill()
        self._service.start(wait=False)

    def _kill_dovecot(self) -> None:
        self._dovecot.kill9()
        time.sleep(self._chance.uniform(0, 1))
        self._dovecot.start()

    def _renumber(self) -> None:
        self._dovecot.kill9()
        self._dovecot.reset_uidvalidity(self._roundtrip.user)
        self._dovecot.start()

    def _kill_all(self) -> None:
        self._dovecot.kill9()
        self._kill_application()
        for place in range(READERS):
            reader = self._readers[place]
            if reader:
                reader.kill()
                reader.wait(PATIENCE)
            self._start_reader(place)
        self._dovecot.start()

    def _fail_storage(self, fail: Outage) -> None:
        with fail():
            time.sleep(self._chance.uniform(1, 5))

    def _start_reader(self, place: int) -> None:
        self._readers[place] = self._service.background("reply-sync")

    def _plan(self, _request: Request) -> Answer | None:
        """Schedule the failures of another catalog, before it accepted a reply and after."""
        if self._calm.is_set():
            return None
        fault = random.random()  # noqa: S311  # threads ask in any order
        ways: list[tuple[str, float, Answer]] = [
            ("catalog answered 500", 0.10, Answer(500, keep=False)),
            ("catalog took it and answered 500", 0.04, Answer(500)),
            ("catalog answered 429", 0.02, Answer(429, keep=False, headers=(("Retry-After", "1"),))),
            ("catalog answered 503", 0.01, Answer(503, keep=False)),
            ("catalog took it and closed the connection", 0.02, Answer(seconds=None)),
            ("catalog took it and was too slow", 0.01, Answer(seconds=2)),
        ]
        for name, share, way in ways:
            if fault < share:
                self._counts[name] += 1
                return way
            fault -= share
        return None

    # -- results -----------------------------------------------------------------------------------------------------

    def _settle(self) -> Result:
        self._calm.set()
        self._service.wait()
        wait_until(self._all_read, lambda: f"{self._unread()} messages are unread\n{self._result()}")
        for reader in self._readers:
            if reader and reader.poll() is None:
                reader.send_signal(signal.SIGTERM)
                reader.wait(PATIENCE)
        return self._result()

    def _result(self) -> Result:
        return Result(self._seed, self._counts, [*self._wrong_marks(), *self._wrong_posts()])

    def _all_read(self) -> bool:
        """Return whether no message is unread; else start processes that have ended again."""
        if self._unread() == 0:
            return True
        for place, reader in enumerate(self._readers):
            if reader is None or reader.poll() is not None:
                self._counts["reply-sync ended by itself"] += 1
                self._start_reader(place)
        return False

    def _unread(self) -> int:
        """Count unread messages; -1 while Dovecot does not answer, as when a killed process left a lock."""
        try:
            return sum(not message.seen for message in self._dovecot.messages(self._roundtrip.user))
        except (OSError, imaplib.IMAP4.error):
            self._counts["Dovecot did not answer"] += 1
            return -1

    def _wrong_marks(self) -> list[str]:
        """Return messages with another keyword than expected, and missing messages."""
        found = {}
        for message in self._dovecot.messages(self._roundtrip.user):
            number = message_from_bytes(message.content)["X-Number"]
            found[number] = " ".join(sorted(flag for flag in message.flags if flag.startswith("$Catalog")))
        wanted = self._expected.keywords
        wrong = [(number, found.get(number)) for number, keyword in wanted.items() if found.get(number) != keyword]
        for keyword in (POSTED, IGNORED, REJECTED):
            self._counts[f"marked {keyword}"] = sum(value == keyword for value in found.values())
        return [f"message {number} is marked {mark!r}, not {wanted[number]!r}" for number, mark in wrong]

    def _wrong_posts(self) -> list[str]:
        posted = Counter(self._posts())
        self._counts["posted"] = sum(posted.values())
        faults = [f"{text!r} was posted {count} times" for text, count in posted.items() if count != 1]
        faults += [f"{text!r} was lost" for text in self._expected.texts - posted.keys()]
        return faults + [f"{text!r} was posted, and should not have been" for text in posted.keys() - self._expected.texts]

    def _posts(self) -> list[str]:
        if self._webhook:
            again = Counter(request.key for request in self._webhook.requests)
            self._counts["posts repeated"] = sum(count - 1 for count in again.values())
            return [request.data["text"] for request in self._webhook.taken.values()]
        with connection_to(self._storage) as connection:
            return list(connection.execute(text("SELECT text FROM posts WHERE text NOT LIKE '@jane%'")).scalars())

