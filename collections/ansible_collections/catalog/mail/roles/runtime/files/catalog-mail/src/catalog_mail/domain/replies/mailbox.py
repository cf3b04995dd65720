"""The mailbox that replies come to: how it is reached, what is read from it, what a message becomes in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog_mail.domain.failures.failure import Failure


class Disposition(StrEnum):
    r"""What became of a message. `keyword` marks it in the mailbox (RFC 3501, 2.3.2), always together with \Seen."""

    POSTED = "posted"
    IGNORED = "ignored"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"

    @property
    def keyword(self) -> str:
        """The keyword that says so in the mailbox."""
        return f"$Catalog{self.value.capitalize()}"


KEYWORDS = frozenset(disposition.keyword for disposition in Disposition)


@dataclass(frozen=True)
class Place:
    """Where identifiers of messages hold: `mailbox` names it for people, and `validity` changes when they are given anew.

    For IMAP `imap://user@host/INBOX` and UIDVALIDITY (RFC 3501, 2.3.1.1); keys of messages are UIDs as text. For Graph
    `graph://host/user/Inbox`, and always the same: its immutable ids are given once.
    """

    mailbox: str
    validity: str


@dataclass(frozen=True)
class RawMessage:
    """A message as it stands in the mailbox, unread still.

    `content` is the whole of it (RFC 5322), or only its header if it is larger than was asked for: then `cut` is true.
    `size` is that of the whole, in bytes. `received_at` is the server's own date of arrival.
    """

    key: str
    content: bytes
    size: int
    received_at: datetime
    cut: bool = False


@dataclass(frozen=True)
class Unreadable:
    """A message that the server does not give, while it gives others."""

    key: str
    failure: Failure


@dataclass(frozen=True)
class Filed:
    """A message of a mailbox, by what the server says of it, without its content."""

    key: str
    seen: bool
    keywords: frozenset[str]
    received_at: datetime


@dataclass(frozen=True)
class Overview:
    """What stands in a mailbox besides what is to be done.

    `unread` counts unread messages, `oldest_unread` is the arrival of the oldest. `taken` are keys of messages from a given
    one on that are read, though nobody of us has handled them (no keyword of ours): something else reads this mailbox.
    `last` tells a later look from where on to see: the last key, or where keys have no order the time of the last arrival.
    None where there is neither.
    """

    unread: int
    oldest_unread: datetime | None
    taken: tuple[str, ...]
    last: str | None


@dataclass(frozen=True)
class MailboxEvidence:
    """What a mail server showed when its mailbox was opened for a test.

    `tls` is protocol and cipher or None, `messages` how many stand in the mailbox, `keywords` whether it keeps ours,
    `idle` whether it tells of new mail by itself, `archive_exists` whether the archive's mailbox is there already.
    """

    server: str
    tls: str | None
    messages: int
    unread: int
    keywords: bool
    idle: bool
    archive_exists: bool
    seconds: float
