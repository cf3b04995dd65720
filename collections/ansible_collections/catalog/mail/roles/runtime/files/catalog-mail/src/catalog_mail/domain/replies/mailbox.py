# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox in which replies arrive: its place, its messages, and their dispositions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog_mail.domain.failures.failure import Failure


class Disposition(StrEnum):
    r"""The result of handling a message. `keyword` marks it in the mailbox (RFC 3501, 2.3.2), together with \Seen."""

    POSTED = "posted"
    IGNORED = "ignored"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"

    @property
    def keyword(self) -> str:
        """The keyword of this disposition in the mailbox."""
        return f"$Catalog{self.value.capitalize()}"


KEYWORDS = frozenset(disposition.keyword for disposition in Disposition)


@dataclass(frozen=True)
class Place:
    """The scope of messages' keys: `mailbox` is a readable name, and `validity` changes when the server assigns new keys.

    For IMAP they are `imap://user@host/INBOX` and UIDVALIDITY (RFC 3501, 2.3.1.1); keys are UIDs as text. For Graph they are
    `graph://host/user/Inbox` and a constant; keys are immutable ids.
    """

    mailbox: str
    validity: str


@dataclass(frozen=True)
class RawMessage:
    """An unread message of the mailbox.

    `content` is the message (RFC 5322), or only its header, with `cut` true, when it is larger than the limit. `size` is that
    of the whole message, in bytes. `received_at` is the server's date of arrival.
    """

    key: str
    content: bytes
    size: int
    received_at: datetime
    cut: bool = False


@dataclass(frozen=True)
class Located:
    """The present place of a message that was handled before: `key` in the mailbox, or with `archived` in its archive."""

    key: str
    archived: bool = False


@dataclass(frozen=True)
class Unreadable:
    """A message that the server fails to return, while it returns others."""

    key: str
    failure: Failure


@dataclass(frozen=True)
class Filed:
    """The flags and the date of a message of a mailbox, without its content."""

    key: str
    seen: bool
    keywords: frozenset[str]
    received_at: datetime


@dataclass(frozen=True)
class Overview:
    """The counts of a mailbox, and the messages that other programs marked as read.

    `unread` counts unread messages, `oldest_unread` is the arrival of the oldest. `taken` are keys of messages, from a given one
    on, that are read and lack the service's keyword: another program reads this mailbox; and of read messages of the last week
    with the keyword, which another installation may have set. `last` is the start of the next
    overview: the last key, or the time of the last arrival when keys have no order; None for an empty mailbox.
    """

    unread: int
    oldest_unread: datetime | None
    taken: tuple[str, ...]
    last: str | None


@dataclass(frozen=True)
class MailboxEvidence:
    """The results of opening a mailbox for a test.

    `tls` is protocol and cipher or None, `messages` the number of messages, `keywords` whether the server stores the service's
    keywords, `idle` whether it reports new mail (RFC 2177), `archive_exists` whether the archive mailbox exists,
    `archive_problem` why it could not be created when it is needed, None when nothing speaks against it.
    """

    server: str
    tls: str | None
    messages: int
    unread: int
    keywords: bool
    idle: bool
    archive_exists: bool
    seconds: float
    archive_problem: Failure | None = None


@dataclass(frozen=True)
class Elsewhere:
    """The header of a message in another folder; the service has not handled it there. `folder` is the folder's name."""

    folder: str
    header: bytes
