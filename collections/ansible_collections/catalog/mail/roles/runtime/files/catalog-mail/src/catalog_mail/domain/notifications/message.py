# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose the mail of a notification, as bytes (RFC 5322, CRLF)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime

from catalog_mail.domain.mime import content, headers
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.text import body
from catalog_mail.domain.notifications import threads

# ASCII in lines of at most 76 characters, so that no server on the way has to re-encode it (and break a signature).
_POLICY = SMTP.clone(cte_type="7bit")

# Exchange's values for no receipts and no automatic replies (MS-OXCMAIL 2.1.3.2.20). Not "All", which would also suppress
# non-delivery reports, which an administrator needs.
_SUPPRESSED_RESPONSES = "DR, RN, NRN, OOF, AutoReply"


@dataclass(frozen=True)
class Thread:
    """The thread of a message: `key` identifies it, `topic` is equal in all its messages, such as a title."""

    key: str
    topic: str


@dataclass(frozen=True)
class Replies:
    """The address for replies, and the intent that identifies them, which is also the local part of the Message-ID.

    With `referred` References has the intent as well: a server that replaces the Message-ID leaves References as it is, and a
    reply repeats it (RFC 5322, 3.6.4).
    """

    address: str
    intent: str
    referred: bool = False


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to one recipient. Addresses, `id` and `unsubscribe_url` are checked ASCII; other fields may hold any text.

    `id` is 26 lower-case letters and digits; Message-ID and MIME boundary are made from it. `catalog_domain` is the host of the
    catalog's URL, `list_name` the kind of notification. `replies` makes the mail answerable. `answers` is the Message-ID of the
    mail to which this one is an automatic reply, "" when that mail has none, None when this is not a reply.
    """

    id: str
    from_address: str
    from_name: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    created_at: datetime
    catalog_name: str
    catalog_domain: str
    list_name: str
    unsubscribe_url: str
    thread: Thread | None = None
    replies: Replies | None = None
    answers: str | None = None


@dataclass(frozen=True)
class Rendered:
    """A mail as it is sent, with its Message-ID and its subject as plain text."""

    message_id: str
    message: bytes
    subject: str


def message_id(mail: Mail) -> str:
    """Return the Message-ID: always the same for the same mail, so that a duplicate can be recognised."""
    local = mail.replies.intent if mail.replies else mail.id
    return f"<{local}@{mail.from_address.rpartition('@')[2]}>"


def is_from(message: bytes, address: str) -> bool:
    """Return whether a message that `compose` wrote has this From address."""
    written = BytesHeaderParser(policy=_POLICY).parsebytes(message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")["From"]
    return [normalized(one.addr_spec) for one in written.addresses] == [normalized(address)]


def compose(mail: Mail) -> bytes:
    """Compose the complete message; equal mails give equal bytes.

    Headers beside the usual ones:
    Auto-Submitted (RFC 3834) and X-Auto-Response-Suppress (Exchange) prevent automatic replies. There is no
    `Precedence: bulk`: RFC 3834 calls it non-standard, servers that know it delay such mail or rank it lower, and
    auto-responders check the two headers above or List-Id (RFC 5230, 4.6).
    X-MS-Reactions keeps Outlook from offering a reaction with one click, which is no answer and would be ignored.
    List-Id (RFC 2919) differs by kind, for filters. List-Unsubscribe-Post makes List-Unsubscribe one-click (RFC 8058), which is
    defined for https only. See `threads` for the headers that group a conversation.
    """
    lines = [
        ("From", headers.mailbox(mail.from_name, mail.from_address)),
        ("To", headers.mailbox(mail.to_name, mail.to_address)),
        ("Subject", headers.text(mail.subject)),
        ("Date", format_datetime(mail.created_at.astimezone(UTC))),
        ("Message-ID", message_id(mail)),
        *_reply_headers(mail),
        *_thread_headers(mail),
        # RFC 3834, 5: a reply to a mail and a mail of its own have different values.
        ("Auto-Submitted", "auto-generated" if mail.answers is None else "auto-replied"),
        ("X-Auto-Response-Suppress", _SUPPRESSED_RESPONSES),
        ("X-MS-Reactions", "disallow"),
        ("List-Id", headers.mailbox(mail.catalog_name, f"{mail.list_name.replace('_', '-')}.{mail.catalog_domain}")),
        ("List-Unsubscribe", f"<{mail.unsubscribe_url}>"),
    ]
    if mail.unsubscribe_url.startswith("https://"):
        lines.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return "".join(headers.header(name, value) for name, value in lines).encode("ascii") + _content(mail)


def _reply_headers(mail: Mail) -> list[tuple[str, str]]:
    """Return Reply-To, and the intent in a header of its own, since some servers replace the Message-ID."""
    if mail.replies is None:
        return []
    return [("Reply-To", mail.replies.address), ("X-Catalog-Intent", mail.replies.intent)]


def _thread_headers(mail: Mail) -> list[tuple[str, str]]:
    if mail.answers is not None:
        return [("In-Reply-To", mail.answers), ("References", mail.answers)] if mail.answers else []
    intent = _referred_intent(mail)
    if mail.thread is None:
        return [("References", intent)] if intent else []
    root = threads.root_id(mail.thread.key, mail.catalog_domain)
    return [
        ("In-Reply-To", root),
        ("References", f"{root}{headers.CRLF} {intent}" if intent else root),
        ("Thread-Topic", headers.text(mail.thread.topic)),
        ("Thread-Index", threads.thread_index(mail.thread.key, mail.catalog_domain)),
    ]


def _referred_intent(mail: Mail) -> str | None:
    """Return this mail's intent as an identifier for References, which no mail has; None without one."""
    if mail.replies is None or not mail.replies.referred:
        return None
    return f"<{mail.replies.intent}.intent@{mail.catalog_domain}>"


def _content(mail: Mail) -> bytes:
    """Return both parts, plain text first: a mail program shows the last one that it supports (RFC 2046, 5.1.4)."""
    return content.alternatives(body(mail.text), body(mail.html), f"={mail.id}=")
