# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers of the lab's mail host that a benchmark sends to: a sink that costs nothing, and its real Postfix."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from labkit.definition import MAIL, MAIL_ADDRESS

from helpers.modules.lab_host import LabHost
from helpers.waiting import wait_until

PORT = 2526
UNIT = "bench-smtp-sink"


@contextlib.contextmanager
def smtp_sink() -> Iterator[tuple[str, int]]:
    """Run Postfix's smtp-sink, which takes every mail and keeps none, on the mail host; yield its address and port."""
    host = LabHost(MAIL)
    host.sh(f"systemctl stop {UNIT} 2>/dev/null || true")
    host.sh(f"systemd-run --quiet --collect --unit {UNIT} smtp-sink -u nobody :{PORT} 1000")

    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((MAIL_ADDRESS, PORT), timeout=5) as connection:
            return connection.recv(100).startswith(b"220")
        return False

    try:
        wait_until(answers, "the sink on the mail host does not answer")
        yield MAIL_ADDRESS, PORT
    finally:
        host.sh(f"systemctl stop {UNIT}")


@contextlib.contextmanager
def real_postfix(recipient: str, subject: str) -> Iterator[tuple[str, int]]:
    """Use the mail host's Postfix; remove the recipient's mails with this subject at the end."""
    try:
        yield MAIL_ADDRESS, 25
    finally:
        wait_until_delivered()
        LabHost(MAIL).sh(f"doveadm expunge -u {recipient} mailbox '*' subject '{subject}'")


def wait_until_delivered() -> None:
    """Wait until the queue of the mail host's Postfix is empty."""
    host = LabHost(MAIL)
    wait_until(lambda: "is empty" in host.sh("postqueue -p"), "mails stay in the queue of the mail host")
