#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a message in a mailbox of the lab, waiting until it arrives; runs on the control node.

    find_mail.py alice@corp.test '<id@corp.test>' [seconds]
    find_mail.py alice@corp.test 'Subject: Reset your password' seconds time

The first form finds a message by its Message-ID, the second by its subject, if it arrived at that time or later (in seconds
since 1970). Prints folder, headers and parts of the message as JSON. Exit status 1: the message did not arrive.
"""

from __future__ import annotations

import email
import email.policy
import imaplib
import json
import ssl
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from labkit import state
from labkit.definition import MAIL_ADDRESS

MAIL_SERVER = (MAIL_ADDRESS, 993)
FOLDERS = ("INBOX", "Junk")


def connect(user: str, home: Path) -> imaplib.IMAP4:
    """Log in by IMAP, over TLS that is verified with the lab's CA. `home` is the lab's folder."""
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.check_hostname = False  # only the lab's hosts resolve its names; the CA signs for the lab only
    session = imaplib.IMAP4_SSL(*MAIL_SERVER, ssl_context=context, timeout=20)
    session.login(user, json.loads((home / "credentials.json").read_text())["users"][user])
    return session


def find(session: imaplib.IMAP4, header: str, value: str, since: float = 0) -> tuple[str, EmailMessage] | None:
    """Return the folder and the newest message with this header, dated `since` or later; None when no folder contains one."""
    for folder in FOLDERS:
        if session.select(folder, readonly=True)[0] != "OK":
            continue
        _, [numbers] = session.search(None, "HEADER", header, f'"{value}"')
        if numbers:
            _, data = session.fetch(numbers.split()[-1].decode(), "(BODY.PEEK[])")
            assert isinstance(data[0], tuple)  # noqa: S101  # imaplib's form of a fetched message
            message = email.message_from_bytes(data[0][1], policy=email.policy.default)
            if not since or message["Date"].datetime.timestamp() >= since:
                return folder, message
    return None


def described(folder: str, message: EmailMessage) -> dict[str, Any]:
    """Return `folder`, `headers` (name -> value) and `parts` (content type -> text) of a message."""
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    return {"folder": folder, "headers": {name: str(value) for name, value in message.items()}, "parts": parts}


def main() -> None:
    """Run the script; search every half second."""
    user, sought, seconds, since = (*sys.argv[1:], *("240", "0")[len(sys.argv) - 3:])
    header, _colon, value = sought.partition(": ") if ": " in sought else ("Message-ID", "", sought)
    session = connect(user, state.home())
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        found = find(session, header, value, float(since))
        if found:
            print(json.dumps(described(*found)))
            return
        time.sleep(0.5)
    sys.exit(f"{sought} did not come to {user} within {seconds} seconds.")


if __name__ == "__main__":
    main()
