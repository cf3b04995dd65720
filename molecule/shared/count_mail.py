#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that messages arrived in a mailbox of the lab, each exactly once; runs on the control node.

    count_mail.py alice@corp.test '<id@corp.test>' ...      without Message-IDs, read them as JSON from standard input

Waits half a minute for missing messages. Prints the number of messages. Exit status 1, with the Message-IDs and their counts:
some did not arrive, or arrived more than once.
"""

from __future__ import annotations

import imaplib
import json
import sys
import time
from collections import Counter

from find_mail import FOLDERS, connect
from labkit import state

SECONDS = 240


def counts(session: imaplib.IMAP4, wanted: list[str]) -> Counter[str]:
    """Count the messages with each Message-ID. X-Catalog-Message-ID holds the original one when Graph rewrites it."""
    found: Counter[str] = Counter()
    for folder in FOLDERS:
        if session.select(folder, readonly=True)[0] != "OK":
            continue
        for message_id in wanted:
            _, [numbers] = session.search(None, "TEXT", f'"{message_id}"')
            found[message_id] += len(numbers.split())
    return found


def main() -> None:
    """Run the script; count until all messages are there."""
    user, *wanted = sys.argv[1:]
    wanted = wanted or json.load(sys.stdin)
    session = connect(user, state.home())
    deadline = time.monotonic() + SECONDS
    while True:
        found = counts(session, wanted)
        wrong = {message_id: found[message_id] for message_id in wanted if found[message_id] != 1}
        if not wrong:
            print(len(wanted))
            return
        if time.monotonic() > deadline:
            sys.exit(f"Of {len(wanted)} mails these did not come exactly once: {json.dumps(wrong)}")
        time.sleep(1)


if __name__ == "__main__":
    main()
