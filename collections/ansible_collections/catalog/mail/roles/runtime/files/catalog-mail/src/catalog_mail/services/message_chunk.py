# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that a pass over the mailbox handles together, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from catalog_mail.domain.replies.decision import Reading, ReplyContext
from catalog_mail.domain.replies.foreign import ForeignIntent
from catalog_mail.domain.replies.logged import LogOutcome, WaitReason
from catalog_mail.domain.replies.mailbox import Disposition, RawMessage
from catalog_mail.domain.replies.message_head import MessageHead
from catalog_mail.domain.replies.outcome import Outcome
from catalog_mail.domain.replies.reply import NotPosted, Reply
from catalog_mail.ports.conversations import Batch
from catalog_mail.ports.replies import Explanation, Handled, Noted


@dataclass
class Chunk:
    """Messages, by their keys. Those without an entry in `dispositions` stay unread; `noted` tells why, for the log.

    `raws` are messages that are read, `heads` their heads, `outcomes` those of reading them, and `posts` the posts that have
    begun. `deliveries` are those whose e-mails came back, by the keys of the bounces.
    """

    raws: dict[str, RawMessage] = field(default_factory=dict)
    heads: dict[str, MessageHead] = field(default_factory=dict)
    outcomes: Iterator[Outcome] = field(default_factory=lambda: iter(()))
    refused: dict[str, NotPosted] = field(default_factory=dict)
    foreign: dict[str, ForeignIntent] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    contexts: dict[str, ReplyContext] = field(default_factory=dict)
    dispositions: dict[str, Disposition] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)
    deliveries: dict[str, str] = field(default_factory=dict)
    posts: Batch | None = None

    def keep(self, key: str, found: Reading | ForeignIntent | NotPosted | None) -> None:
        """Store the outcome of reading one message; None leaves it unread, because reading it failed."""
        if isinstance(found, NotPosted):
            self.refused[key] = found
        elif isinstance(found, ForeignIntent):
            self.foreign[key] = found
        elif found is not None:
            self.readings[key] = found
        else:
            self.wait(key, WaitReason.DECISION_FAILED)

    def head(self, key: str) -> MessageHead:
        """Return the head of a message; an empty one for a message that could not be fetched."""
        return self.heads.get(key, MessageHead())

    def wait(self, key: str, reason: WaitReason, detail: str | None = None) -> None:
        """Note that a message is tried again later."""
        self.noted.append(Noted(key, LogOutcome.WAITING, reason.value, self.head(key), detail))

    def leave(self, key: str) -> None:
        """Note that a message stays unread for another installation."""
        reason = self.foreign[key].otherwise.reason.value
        self.noted.append(Noted(key, LogOutcome.LEFT, reason, self.head(key)))

    def handled(self, explanations: Mapping[str, Explanation]) -> list[Handled]:
        """Return the messages that are not posted, for good."""
        return [
            Handled(
                key=key,
                disposition=refusal.disposition,
                reason=refusal.reason.value,
                explanation=explanations.get(key),
                head=self.head(key),
                detail=_detail(refusal),
                delivery_id=self.deliveries.get(key) or self._answered(key),
            )
            for key, refusal in self.refused.items()
        ]

    def _answered(self, key: str) -> str | None:
        context = self.contexts.get(key)
        return context.answered.delivery_id if context and context.answered else None


def _detail(refusal: NotPosted) -> str | None:
    """Return what the reason does not tell; for a bounce, the words of the server."""
    return refusal.detail or (refusal.bounce.failure.cause if refusal.bounce else None)
