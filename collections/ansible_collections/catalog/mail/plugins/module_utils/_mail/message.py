# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Compose the test e-mail and check its addresses. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from .._core.errors import InputRefused

MAX_ADDRESS = 254
"""Characters of the longest address in SMTP (RFC 5321, erratum 1690)."""

# The characters of an unquoted local part (RFC 5322 atext), and a host name or an address in brackets.
# Other characters, above all line breaks, could begin another header or command.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?|\[[0-9A-Za-z.:]{3,60}\]")


@dataclass(frozen=True)
class MailUnderTest:
    """A message with a unique token in its Message-ID and Subject."""

    sender: str
    recipient: str
    token: str
    message_id: str
    content: bytes


def compose(sender: str, recipient: str, token: str, host: str, now: datetime) -> MailUnderTest:
    """Compose the test e-mail; ``token`` is unique and of letters and digits, ``now`` has a time zone.

    Some servers replace the Message-ID, so the subject contains the token too.
    Auto-Submitted (RFC 3834) and X-Auto-Response-Suppress (Exchange) keep automatic answers away.
    """
    message_id = f"<catalog-mail-test.{token}@{_id_domain(sender)}>"
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"Test e-mail from {_printable(host)} [{token}]"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(
        f"This is a test e-mail. The Ansible collection catalog.mail sent it from {_printable(host)}\n"
        f"to find out whether mail arrives here, and which way it takes.\n"
        f"Nobody waits for an answer; the message may be deleted.\n\n"
        f"Token: {token}\n"
    )
    return MailUnderTest(sender, recipient, token, message_id, message.as_bytes())


def checked_address(option: str, address: str) -> str:
    """Return an address that is safe in headers and commands. Raises InputRefused, naming ``option``, for any other."""
    local, at, domain = address.rpartition("@")
    if not at:
        raise InputRefused(option, f"{address!r} is not an e-mail address: it has no @", "Write name@example.com")
    if not address.isascii():
        raise InputRefused(
            option,
            f"{address!r} has characters that plain SMTP does not carry",
            "Write an international domain in its xn-- form; a mailbox name must be of ASCII letters",
        )
    if len(address) > MAX_ADDRESS or not _LOCAL.fullmatch(local) or not _is_host(domain):
        raise InputRefused(
            option,
            f"{address!r} is not an address that this module sends to or from: one of its characters, or its"
            " length, could change the meaning of the message",
            "Write one bare address such as name@example.com, without a display name, spaces or quotation marks",
        )
    if local.startswith("-"):
        raise InputRefused(
            option,
            f"{address!r} begins with a hyphen, which Postfix refuses as it may be taken for an option",
            "Use another address",
        )
    return address


def default_sender(*domains: str) -> str:
    """Return noreply@ the first domain that may send mail. Raises InputRefused when none may."""
    for domain in domains:
        if is_domain(domain):
            return f"noreply@{domain.rstrip('.').lower()}"
    raise InputRefused(
        "sender",
        "this host has no domain name of its own, so there is no sender to choose",
        "Give an address as sender, or give the host a full name (hostnamectl, mydomain of Postfix)",
    )


def is_domain(name: str) -> bool:
    """Whether a name may be a sender's domain: it has a dot and is not a default of the system."""
    bare = name.rstrip(".").lower()
    return "." in bare and not bare.endswith((".localdomain", ".arpa")) and _is_host(bare)


def _is_host(domain: str) -> bool:
    return bool(_DOMAIN.fullmatch(domain)) and ".." not in domain


def _id_domain(sender: str) -> str:
    """Return the domain for the Message-ID, which cannot be an address in brackets."""
    domain = sender.rpartition("@")[2]
    return "catalog-mail.invalid" if domain.startswith("[") else domain


def _printable(text: str) -> str:
    return "".join(char for char in text[:100] if char.isascii() and char.isprintable())
