# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check for any length of time that each reply is posted exactly once, while processes are killed and the catalog fails.

Three variants run one after the other: the embedded conversations on SQLite and on PostgreSQL, and another catalog. Two
reply-sync processes read a real Dovecot at once; SIGKILL ends them, the application and Dovecot at random moments; UIDVALIDITY
changes; the disk is full, the database is locked, read-only or away; the other catalog answers 500, 429 and 503, is too slow
after it took a reply, or closes the connection. At the end the faults stop, and
the posts and the marks of all messages are compared with the sent messages. Prints its counts; ends with 1 at any difference.

Usage: exactly_once.py [SECONDS] [--seed SEED], 150 seconds for each variant by default.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.service.chaos import Chaos, Result
from helpers.service.dovecot import Dovecot
from helpers.service.outages import storage_of
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink
from helpers.service.webhook_sink import WebhookSink


def trial(name: str, seconds: float, seed: int) -> Result:
    """Run one variant, with a mail server and service of its own."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink, dovecot = stack.enter_context(MailSink()), stack.enter_context(Dovecot())
        webhook = stack.enter_context(WebhookSink()) if name == "webhook" else None
        storage = stack.enter_context(storage_of("postgresql" if name == "postgresql" else "sqlite", folder))
        service = RunningService(folder, {"database_url": storage.url})
        service.prepare()
        service.start()
        stack.callback(service.kill)
        return Chaos(service, sink, dovecot, storage=storage, webhook=webhook, seed=seed).run(seconds)


def main() -> int:
    """Run each variant; print its counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", nargs="?", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))  # noqa: S311  # no secret
    options = parser.parse_args()
    faults = 0
    for name in ("sqlite", "postgresql", "webhook"):
        result = trial(name, options.seconds, options.seed)
        print(f"{name}: {result}", flush=True)
        faults += len(result.faults)
    print("each reply was posted once, none is lost" if not faults else f"{faults} FAULTS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
