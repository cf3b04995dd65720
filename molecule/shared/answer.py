#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a notification in the mailbox of a lab user, or answer it as that user; runs on the control node.

    answer.py find alice@corp.test WORDS [seconds]      print the newest e-mail that contains WORDS, as JSON
    answer.py send alice@corp.test TEXT [HEADER: value] answer the e-mail on standard input (JSON), with its text quoted

`send` prints the Message-ID of the answer. Exit status 1: the e-mail did not arrive.
"""

from __future__ import annotations

import base64
import email
import email.policy
import email.utils
import imaplib
import json
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage
from typing import Any

from find_mail import FOLDERS, MAIL_SERVER, connect, described
from labkit import state

SUBMISSIONS = 465


def find(user: str, word: str, seconds: float) -> dict[str, Any]:
    """Return the e-mail in the form of `find_mail.described`, searching every half second. Exits after `seconds`."""
    session = connect(user, state.home())
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for folder in FOLDERS:
            found = newest(session, folder, word)
            if found:
                return described(folder, found)
        time.sleep(0.5)
    sys.exit(f"No mail with {word} in it came to {user} within {seconds:g} seconds.")


def newest(session: imaplib.IMAP4, folder: str, word: str) -> EmailMessage | None:
    """Return the folder's newest e-mail that contains `word`, or None."""
    if session.select(folder, readonly=True)[0] != "OK":
        return None
    _, [numbers] = session.search(None, "TEXT", f'"{word}"')
    if not numbers:
        return None
    _, data = session.fetch(numbers.split()[-1].decode(), "(BODY.PEEK[])")
    assert isinstance(data[0], tuple)  # noqa: S101  # imaplib's form of a fetched message
    return email.message_from_bytes(data[0][1], policy=email.policy.default)


def answer(user: str, mail: dict[str, Any], text: str, headers: list[str]) -> EmailMessage:
    """Return the answer that a mail program would write, with further headers, each as `Name: value`."""
    told = mail["headers"]
    message = EmailMessage()
    message["From"] = user
    message["To"] = told.get("Reply-To") or told["From"]
    message["Subject"] = f"Re: {told['Subject']}"
    message["Date"] = email.utils.formatdate()
    message["Message-ID"] = email.utils.make_msgid(domain="corp.test")
    message["In-Reply-To"] = message["References"] = told["Message-ID"]
    for header in headers:
        name, _colon, value = header.partition(":")
        message[name] = value.strip()
    quoted = "".join(f"> {line}\n" for line in mail["parts"]["text/plain"].splitlines())
    message.set_content(f"{text}\n\nOn {told['Date']}, {told['From']} wrote:\n{quoted}")
    return message


def send(user: str, message: EmailMessage) -> None:
    """Send the message by the lab's submission server, logged in as the user."""
    context = ssl.create_default_context(cafile=str(state.home() / "ca.crt"))
    context.check_hostname = False  # only the lab's hosts resolve its names; the CA signs for the lab only
    login = f"\0{user}\0{state.credentials()[user]}".encode()
    with smtplib.SMTP_SSL(MAIL_SERVER[0], SUBMISSIONS, timeout=20, context=context) as session:
        session.ehlo("control.corp.test")
        session.docmd("AUTH", "PLAIN " + base64.b64encode(login).decode())
        session.send_message(message)


def main() -> None:
    """Run the script."""
    verb, user, word, *rest = sys.argv[1:]
    if verb == "find":
        print(json.dumps(find(user, word, float(rest[0] if rest else 240))))
        return
    message = answer(user, json.load(sys.stdin), word, rest)
    send(user, message)
    print(message["Message-ID"])


if __name__ == "__main__":
    main()
