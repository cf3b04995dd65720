# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse a message from the mailbox, with the headers that the decision needs."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.header import Header
from email.message import Message
from itertools import islice
from typing import NamedTuple

from catalog_mail.domain.mime.addresses import LONGEST, normalized
from catalog_mail.domain.mime.parsing import parsed, parsed_header
from catalog_mail.domain.mime.structured import addresses, decoded_words
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.replies.extraction import Contents
from catalog_mail.domain.replies.message_head import LONGEST_ID, LONGEST_SUBJECT, MessageHead

# Headers in which a mail server or a mail program writes the recipient: the first with an intent counts.
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-gm-original-to", "to", "cc", "resent-to")
_ANSWERED = ("in-reply-to", "x-catalog-intent")
_READ_HEADERS = ("from", "references", "message-id", "subject", "date", *_RECIPIENTS, *_ANSWERED)
Headers = dict[str, list["str | Header"]]
_LONGEST_VALUE = 16_000
_MOST_VALUES = 20
_LONGEST_SUBJECT = 2000
# The parser needs up to a hundred times the size of a part, a header or a line in memory. An attachment of 20 MB in base64
# has 270,000 lines.
MOST_CONTAINERS = 50
MOST_PARTS = 10_000
MOST_LINES = 500_000
_LONGEST_HEADER = 1_000_000
_CONTAINER = re.compile(rb"(?:^|[\r\n])content-type[ \t]{0,80}:\s{0,80}(?:multipart|message)/", re.IGNORECASE)


class Incoming(NamedTuple):
    """The values of a message's headers that the decision reads.

    `sender` is the address in From, in lower case, None when there is none or more than one.

    `recipients`, `answered` and `references` are values of the headers that may hold an intent, limited in number and length;
    the last in References is the latest. `message_id` and `date` are "" when there is none. `exceeds_limits`: the message
    has too many parts or lines, and only its header was parsed.
    """

    sender: str | None
    recipients: tuple[str, ...]
    answered: tuple[str, ...]
    references: tuple[str, ...]
    message_id: str
    subject: str
    date: str
    exceeds_limits: bool

    def decoded_subject(self) -> str:
        """Return the subject with its encoded words decoded (RFC 2047); undecoded when they are malformed."""
        return decoded_words(self.subject[:_LONGEST_SUBJECT])

    def head(self, received_at: datetime | None) -> MessageHead:
        """Return the head of the message for the log."""
        message_id = one_line(self.message_id, LONGEST_ID + 1)
        return MessageHead(
            sender=self.sender,
            subject=one_line(self.decoded_subject(), LONGEST_SUBJECT) or None,
            message_id=message_id if 0 < len(message_id) <= LONGEST_ID else None,
            received_at=received_at,
        )


def parse(content: bytes) -> tuple[Incoming, Contents]:
    """Parse any bytes as a message; raises nothing. Returns its headers and its contents."""
    exceeds_limits = _exceeds_limits(content)
    message = parsed_header(content[:_LONGEST_HEADER]) if exceeds_limits else parsed(content)
    headers = _headers(message)
    incoming = Incoming(
        sender=_sender(headers),
        recipients=tuple(_values(headers, *_RECIPIENTS)),
        answered=tuple(_values(headers, *_ANSWERED)),
        references=tuple(_text(value, last=True) for value in headers["references"][-_MOST_VALUES:]),
        message_id=next(iter(_values(headers, "message-id")), "").strip()[:998],
        subject=next(iter(_values(headers, "subject")), ""),
        date=next(iter(_values(headers, "date")), "")[:100],
        exceeds_limits=exceeds_limits,
    )
    return incoming, Contents(message)


def _exceeds_limits(content: bytes) -> bool:
    if len(content) > MOST_PARTS and _has_many_lines_or_parts(content):
        return True
    # The parser compares each line with the boundary of every enclosing part, and parses nested parts by recursion.
    if content.lower().count(b"content-type") <= MOST_CONTAINERS:
        return False
    return sum(1 for _part in islice(_CONTAINER.finditer(content), MOST_CONTAINERS + 1)) > MOST_CONTAINERS


def _has_many_lines_or_parts(content: bytes) -> bool:
    if content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n") > MOST_LINES:
        return True
    return content.count(b"\n--") + content.count(b"\r--") > MOST_PARTS


def fingerprint(incoming: Incoming, delivery_id: str, text: str) -> str:
    """Return 52 lower-case characters that are equal for every copy of one reply, and differ for other replies.

    A Message-ID alone is not enough: some programs use one twice. Without a Message-ID, date and text identify the reply.
    """
    date = "" if incoming.message_id else incoming.date
    parts = (delivery_id, incoming.sender or "", incoming.message_id, date, text)
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:52]


def _sender(headers: Headers) -> str | None:
    values = _values(headers, "from")
    if len(values) != 1:
        return None
    found = addresses(values[0].replace("\r", "").replace("\n", " "))
    if len(found) != 1:
        return None
    address = found[0]
    return normalized(address) if address.count("@") == 1 and len(address) <= LONGEST and address.isascii() else None


def _headers(message: Message) -> Headers:
    """Return the headers of `_READ_HEADERS`, by names in lower case, read in one pass."""
    found: Headers = {name: [] for name in _READ_HEADERS}
    for name, value in message.raw_items():
        values = found.get(name.lower())
        if values is not None:
            values.append(value if value.isascii() else message.policy.header_fetch_parse(name, value))
    return found


def _values(headers: Headers, *names: str) -> list[str]:
    """Return the values of these headers, in the order of the names."""
    return [_text(value) for name in names for value in headers[name][:_MOST_VALUES]]


def _text(value: str | Header, *, last: bool = False) -> str:
    # A header with bytes beyond ASCII is a Header; its text has replacement characters.
    text = str(value)
    return text[-_LONGEST_VALUE:] if last else text[:_LONGEST_VALUE]
