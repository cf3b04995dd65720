#!/usr/lib/stand_in/bin/python3.11
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `sendmail` of the chroot: keeps each message in a file and logs it in the form of Postfix."""

from __future__ import annotations

import email
import email.utils
import fcntl
import os
import secrets
import sys
import time

sys.path.insert(0, "/opt/alation/stand_in")
from stand_in_store import Store, user

LOG = "/var/log/maillog"
OUTCOMES = {
    "sent": "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1C2A0)",
    "deferred": "dsn=4.4.1, status=deferred (connect to mail.example.com[192.0.2.25]:25: Connection timed out)",
    "bounced": "dsn=5.7.1, status=bounced (host mail.example.com[192.0.2.25] said: 554 5.7.1 Relay access denied)",
}
WITH_VALUE = ("-f", "-F", "-r", "-B", "-N", "-R", "-X", "-C", "-O", "-o")


def addresses(words: list[str]) -> tuple[str, list[str]]:
    """Return the envelope's sender and recipients as the command line gives them."""
    sender, recipients = f"{user()}@localhost", []
    words = list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            recipients.append(word)
        elif word in WITH_VALUE and words:
            value = words.pop(0)
            sender = value if word in ("-f", "-r") else sender
        elif word.startswith(("-f", "-r")):
            sender = word[2:]
    return sender, recipients


def main(words: list[str]) -> int:
    """Accept the message on standard input. Returns the exit code."""
    content = sys.stdin.buffer.read()
    message = email.message_from_bytes(content)
    sender, recipients = addresses(words)
    if "-t" in words:
        fields = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
        recipients += [address for _name, address in email.utils.getaddresses(fields)]
    if not recipients:
        sys.stderr.write("sendmail: fatal: Recipient addresses must be specified on the command line or via the -t option\n")
        return 64
    name = secrets.token_hex(5).upper()
    with open(os.path.join("/var/spool/stand_in", name), "wb") as file:
        os.fchmod(file.fileno(), 0o640)
        file.write(content)
    message_id = message.get("Message-ID") or f"<{name}@localhost>"
    now = time.strftime("%b %d %H:%M:%S")
    lines = [f"pickup[101]: {name}: uid={os.getuid()} from=<{sender}>", f"cleanup[102]: {name}: message-id={message_id}",
             f"qmgr[103]: {name}: from=<{sender}>, size={len(content)}, nrcpt={len(recipients)} (queue active)"]
    outcome = Store().modes["mail"]
    if outcome in OUTCOMES:
        relay = "none" if outcome == "deferred" else "mail.example.com[192.0.2.25]:25"
        lines += [f"smtp[104]: {name}: to=<{one}>, relay={relay}, delay=0.1, delays=0.05/0.01/0.02/0.02, {OUTCOMES[outcome]}"
                  for one in recipients]
    with open(LOG, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("".join(f"{now} alation postfix/{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
