# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose the messages of Test and Save: the test message, and the test of sub-addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.mime import headers
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.mime.text import body, one_line
from catalog_mail.domain.settings.document import Transport
from catalog_mail.domain.settings.servers import SendingSettings

_POLICY = SMTP.clone(cte_type="7bit")
_ROUTES = {
    Transport.BUILTIN: "the mail server of the application's own host",
    Transport.SMTP: "the mail server {server.host}, port {server.port}",
    Transport.MICROSOFT: "Microsoft Graph and the mailbox {server.mailbox}",
}


@dataclass(frozen=True)
class EmailTest:
    """One test message; `asked_by` is the name of the token that asked for it."""

    id: str
    recipient: str
    created_at: datetime
    catalog_name: str
    asked_by: str

    def message_id(self, sending: SendingSettings) -> str:
        """Return the Message-ID of the test message."""
        return f"<{self.id}@{sending.from_address.rpartition('@')[2]}>"


def email_test_recipient(wanted: str | None, own: str | None, *, field: str) -> str:
    """Return the recipient: `wanted` if given, else the caller's `own` address.

    Raises InputRefused, with `field`, when there is neither or `wanted` is not an address.
    """
    if wanted is not None:
        return checked_address(field, wanted)
    if own is None:
        raise InputRefused(
            field,
            "It is missing, and your token has no e-mail address.",
            "Name who is to get the test message, or save without a test (test: false).",
        )
    return own


def compose_email_test(email_test: EmailTest, sending: SendingSettings) -> bytes:
    """Return the test message (RFC 5322, CRLF)."""
    route = _ROUTES[sending.transport].format(server=sending.server)
    text = (
        f"This is a test of the e-mail settings of {one_line(email_test.catalog_name)}.\n\n"
        f"It was sent through {route}, and asked for by {one_line(email_test.asked_by)}.\n"
        "That it has reached you means: notifications can reach you. There is nothing for you to do.\n"
    )
    # Some servers replace the Message-ID, so the subject contains its first part too.
    subject = f"Test of the e-mail settings of {email_test.catalog_name} [{email_test.id}]"
    return _message(sending, email_test.recipient, subject, email_test.message_id(sending), email_test.created_at, text)


def compose_subaddress_probe(address: str, created_at: datetime, catalog_name: str, sending: SendingSettings) -> bytes:
    """Return the message that tests whether the server accepts sub-addresses; only the service itself reads it."""
    text = (
        f"{one_line(catalog_name)} tests by this message whether this address takes mail.\n\n"
        "It is found and marked as read by the program that reads the replies. There is nothing for you to do.\n"
    )
    # Without the intent of the address: an answer to this message, or a bounce of it, must not be read as its arrival.
    message_id = f"<{new_id()}@{sending.from_address.rpartition('@')[2]}>"
    return _message(sending, address, f"Test of an address of {catalog_name}", message_id, created_at, text)


def _message(  # the parts of a message
    sending: SendingSettings, to: str, subject: str, message_id: str, created_at: datetime, text: str
) -> bytes:
    lines = [
        ("From", headers.mailbox(sending.display_name, sending.from_address)),
        ("To", headers.mailbox("", to)),
        ("Subject", headers.text(subject)),
        ("Date", format_datetime(created_at.astimezone(UTC))),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
    ]
    content = EmailMessage(policy=_POLICY)
    content.set_content(body(text))
    return "".join(headers.header(name, value) for name, value in lines).encode("ascii") + content.as_bytes()
