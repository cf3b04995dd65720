"""A message from the mailbox, parsed once, with the few headers that decide about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import Header, decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parseaddr

from catalog_mail.domain.addresses import LONGEST, same

# Where a mail server or a mail program writes whom a message was for: the first with an intent counts.
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-gm-original-to", "to", "cc", "resent-to")
_ANSWERED = ("in-reply-to", "x-catalog-intent")
_LONGEST_VALUE = 16_000
_MOST_VALUES = 20
_LONGEST_SUBJECT = 2000


@dataclass(frozen=True)
class Incoming:
    """`sender` is the address in From, in lower case, or None where there is none or more than one.

    `recipients`, `answered` and `references` are values of the headers in which an intent may stand, bounded in number and
    length; the last in References is the latest. `message_id` is "" where there is none.
    """

    message: Message
    sender: str | None
    recipients: tuple[str, ...]
    answered: tuple[str, ...]
    references: tuple[str, ...]
    message_id: str
    subject: str

    def decoded_subject(self) -> str:
        """The subject with its encoded words read (RFC 2047), as far as they can be."""
        try:
            return str(make_header(decode_header(self.subject[:_LONGEST_SUBJECT])))
        except (LookupError, ValueError, MessageError):
            return self.subject


def parse(content: bytes) -> Incoming:
    """Any bytes are a message of some kind; raises nothing."""
    message = message_from_bytes(content)
    return Incoming(
        message=message,
        sender=_sender(message),
        recipients=tuple(_values(message, _RECIPIENTS)),
        answered=tuple(_values(message, _ANSWERED)),
        references=tuple(_text(value, last=True) for value in message.get_all("references", [])[-_MOST_VALUES:]),
        message_id=next(iter(_values(message, ("message-id",))), "").strip()[:998],
        subject=next(iter(_values(message, ("subject",))), ""),
    )


def fingerprint(incoming: Incoming, delivery_id: str, text: str) -> str:
    """52 lower-case characters that are the same for every copy of one reply, and others for any other reply.

    A Message-ID alone is not enough: there are programs that give one twice. Where there is none, date and text tell.
    """
    date = "" if incoming.message_id else str(incoming.message.get("date", ""))[:100]
    parts = (delivery_id, incoming.sender or "", incoming.message_id, date, text)
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:52]


def _sender(message: Message) -> str | None:
    values = _values(message, ("from",))
    if len(values) != 1:
        return None
    value = values[0].replace("\r", "").replace("\n", " ")
    addresses = [address for _name, address in getaddresses([value])]
    if len(addresses) != 1:
        return None
    address = addresses[0] or parseaddr(value)[1]
    return same(address) if address.count("@") == 1 and len(address) <= LONGEST and address.isascii() else None


def _values(message: Message, names: Iterable[str]) -> list[str]:
    """The values of these headers, in the order of the names."""
    found: list[str] = []
    for name in names:
        found += [_text(value) for value in message.get_all(name, [])[:_MOST_VALUES]]
    return found


def _text(value: str | Header, *, last: bool = False) -> str:
    # A header with bytes beyond ASCII is a Header; its text has them replaced.
    text = str(value)
    return text[-_LONGEST_VALUE:] if last else text[:_LONGEST_VALUE]
