# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Compose a reply to a notification as a usual mail program does. Pure."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import List

from .._core.errors import ReplyFailed
from .._mail.message import MailUnderTest

MAX_QUOTED = 400
"""Lines of the notification that are quoted."""
LEG = "reply"


def text_of_answer(token: str) -> str:
    """Return the text that the post has afterwards."""
    return f"This answer was sent by e-mail, to test that replies arrive: {token}"


def compose_answer(mail: Message, token: str, now: datetime) -> MailUnderTest:
    """Compose the reply to ``mail``: to the address in its Reply-To, from its recipient.

    The text is above the quoted notification, where most mail programs put it. Raises ReplyFailed when ``mail`` lacks
    Reply-To or a single recipient.
    """
    recipient = _single(mail, "Reply-To")
    if not recipient:
        raise ReplyFailed(
            LEG, "The mail of the mention carries no address for replies (Reply-To)",
            "Look whether replies are switched on: catalog.mail.reply_sync_info tells. Mail that was written before they"
            " were cannot be answered",
        )
    sender = _single(mail, "To")
    if not sender:
        raise ReplyFailed(
            LEG, "The mail of the mention is not addressed to one person", "Look what rewrites the header To on its way")
    return MailUnderTest(
        sender, recipient, token, f"<catalog-mail-reply-test.{token}@{sender.rpartition('@')[2]}>",
        _written(mail, sender, recipient, token, now),
    )


def _written(mail: Message, sender: str, recipient: str, token: str, now: datetime) -> bytes:
    answered = _line(mail, "Message-ID")
    subject = _line(mail, "Subject")
    answer = EmailMessage(policy=SMTP)
    answer["From"] = sender
    answer["To"] = Address(addr_spec=recipient)
    answer["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    answer["Date"] = format_datetime(now)
    answer["Message-ID"] = f"<catalog-mail-reply-test.{token}@{sender.rpartition('@')[2]}>"
    if answered:
        answer["In-Reply-To"] = answered
        answer["References"] = " ".join([*_line(mail, "References").split()[-20:], answered])
    answer.set_content("\n".join([
        text_of_answer(token), "", f"On {_line(mail, 'Date')}, {_line(mail, 'From')} wrote:", *_quoted(mail), ""]))
    return answer.as_bytes()


def _quoted(mail: Message) -> List[str]:
    return [f"> {line}".rstrip() for line in plain_text(mail).splitlines()[:MAX_QUOTED]]


def plain_text(mail: Message) -> str:
    """Return the first part of plain text; empty without one."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            raw = part.get_payload(decode=True)
            charset = part.get_content_charset() or "utf-8"
            try:
                return raw.decode(charset, "replace") if isinstance(raw, bytes) else ""
            except LookupError:
                return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return ""


def _single(mail: Message, name: str) -> str:
    """Return the address in a header; empty unless there is exactly one."""
    found = [address for _name, address in getaddresses([str(value) for value in mail.get_all(name, [])]) if address]
    usable = len(found) == 1 and found[0].isascii() and found[0].isprintable() and found[0].count("@") == 1
    return found[0] if usable and " " not in found[0] else ""


def _line(mail: Message, name: str) -> str:
    """Return a header's value in one line, its encoded words decoded; empty when the header is missing."""
    value = str(mail.get(name, ""))
    with suppress(ValueError, LookupError):
        value = str(make_header(decode_header(value)))
    return " ".join("".join(char for char in value if char.isprintable() or char.isspace()).split())
