# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of handled replies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.conversation import Post
from catalog_mail.domain.replies.logged import LogOutcome
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.message_head import MessageHead
from catalog_mail.domain.replies.reply import Answered, Reply
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.conversations import Posted


@dataclass(frozen=True)
class Written:
    """A reply to store: with its post and the notices of it (embedded catalog), or with `post_id` of another catalog."""

    reply: Reply
    post: Post | None = None
    notices: Sequence[Notice] = ()
    post_id: str | None = None


@dataclass(frozen=True)
class Explanation:
    """A mail that tells why a reply was rejected. An explanation with a key that is stored already is not sent."""

    key: str
    address: str
    notice: Notice


@dataclass(frozen=True)
class Handled:
    """The disposition of a message that was not posted, and the reason; `delivery_id` is the delivery that it answers, if any."""

    key: str
    disposition: Disposition
    reason: str
    explanation: Explanation | None = None
    head: MessageHead = field(default_factory=MessageHead)
    detail: str | None = None
    delivery_id: str | None = None


@dataclass(frozen=True)
class Noted:
    """The reason why a message stays unread, for the log of messages; `outcome` is LEFT or WAITING."""

    key: str
    outcome: LogOutcome
    reason: str
    head: MessageHead = field(default_factory=MessageHead)
    detail: str | None = None


class ReplyStore(Protocol):
    """The store of handled replies. Each method that writes is one transaction, and idempotent."""

    def handled(self, place: Place, keys: Sequence[str]) -> Mapping[str, Disposition]:
        """Return the dispositions of those messages that were handled."""

    def answered(self, handles: Iterable[str]) -> Mapping[str, Answered]:
        """Return the mails that these handles name; unknown handles are left out."""

    def posted(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """Return those of the replies that were posted, each with the id of its post, None when the id is not known."""

    def add(self, written: Sequence[Written], at: datetime) -> Sequence[Posted]:
        """Store posts, their notices, and the dispositions of the messages. A reply whose key is known is not posted again."""

    def record(self, place: Place, handled: Sequence[Handled], at: datetime) -> Sequence[Notice]:
        """Store the dispositions of messages, with their explanations. Returns the notices that this call stored."""

    def note(self, place: Place, noted: Sequence[Noted], at: datetime) -> None:
        """Store why messages stay unread for now; nothing is counted."""

    def settle(self, place: Place, unread: Collection[str], at: datetime) -> None:
        """Record that noted messages are gone which are not unread any more, unless a retry of them was requested."""

    def failed(self, place: Place, key: str) -> int:
        """Count a failed decision about a message; return the number of failures so far."""

    def decided(self, place: Place, key: str) -> None:
        """Forget the failures of a message that was decided."""

    def explained(self, addresses: Iterable[str], since: datetime) -> Mapping[str, int]:
        """Return the number of explanations sent to each address since then."""

    def explained_keys(self, keys: Iterable[str], since: datetime) -> frozenset[str]:
        """Return those of the keys under which an explanation was sent since then."""

    def outcomes(self) -> Mapping[tuple[Disposition, str], int]:
        """Return the number of messages by disposition and reason."""

    def put_aside(self, since: datetime) -> int:
        """Return the number of messages that were set aside since then; 2,000 for more."""
