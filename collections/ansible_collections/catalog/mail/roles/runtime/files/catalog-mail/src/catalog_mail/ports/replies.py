"""What is remembered of replies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.conversation import Post
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.reply import Answered, Reply
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.conversations import Posted


@dataclass(frozen=True)
class Written:
    """A reply as it is stored: with its post and what tells of it (the embedded catalog), or with another catalog's id."""

    reply: Reply
    post: Post | None = None
    notices: Sequence[Notice] = ()
    post_id: str | None = None


@dataclass(frozen=True)
class Explanation:
    """A mail that tells somebody why their reply was refused. `key` is the same for every copy of the reply."""

    key: str
    address: str
    notice: Notice


@dataclass(frozen=True)
class Handled:
    """What became of a message that was not posted."""

    key: str
    disposition: Disposition
    reason: str
    explanation: Explanation | None = None


class ReplyStore(Protocol):
    """What is remembered of replies. Each method that writes is one transaction, and twice is the same as once."""

    def handled(self, place: Place, keys: Sequence[str]) -> Mapping[str, Disposition]:
        """What became of these messages, as far as they were handled."""

    def answered(self, handles: Iterable[str]) -> Mapping[str, Answered]:
        """The mails that these handles name."""

    def posted(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """Which of these replies were posted, each with the id of its post where one is known."""

    def add(self, written: Sequence[Written], at: datetime) -> Sequence[Posted]:
        """Store posts, what tells of them, and what became of the messages. A reply whose key is known is not posted again."""

    def record(self, place: Place, handled: Sequence[Handled], at: datetime) -> Sequence[Notice]:
        """Store what became of messages, with the explanations; those that were stored now are returned."""

    def failed(self, place: Place, key: str) -> int:
        """Our decision about this message failed once more; how often by now."""

    def decided(self, place: Place, key: str) -> None:
        """It did not fail after all."""

    def explained(self, addresses: Iterable[str], since: datetime) -> Mapping[str, int]:
        """How many explanations each of these was sent since then."""

    def outcomes(self) -> Mapping[tuple[Disposition, str], int]:
        """How many messages came to which end, by disposition and reason."""
