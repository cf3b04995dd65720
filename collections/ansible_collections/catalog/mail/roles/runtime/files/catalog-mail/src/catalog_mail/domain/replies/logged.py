# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the log of messages: a message of the mailbox of replies, and what became of it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.message_head import MessageHead


class LogOutcome(StrEnum):
    """The outcomes of a message: the values of Disposition, and those of messages that are not handled."""

    POSTED = "posted"
    IGNORED = "ignored"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    LEFT = "left"          # unread, since another installation may take it
    WAITING = "waiting"    # tried again by itself
    GONE = "gone"          # removed, or read by another program, before it was handled


UNFINISHED = frozenset({LogOutcome.LEFT, LogOutcome.WAITING})


class WaitReason(StrEnum):
    """The reason why a message waits."""

    CATALOG_FAILED = "catalog_failed"
    DECISION_FAILED = "decision_failed"
    NOT_DELIVERED = "not_delivered"        # the mailbox does not return it
    ORIGINAL_SOUGHT = "original_sought"    # the answered mail does not lie in the Sent Items yet


GONE = "gone"
# The reason of further copies of a posted reply.
COPY = "copy"


@dataclass(frozen=True)
class LoggedMessage:
    """A message and its latest outcome, of the time `at`.

    `reason` is a value of Reason or WaitReason, "gone", "copy", or "" for a posted reply. `detail` adds what the reason does not
    tell. `delivery_id` is the delivery that the message answers, if that is known. `retry_at` is the time of a request to try it
    again that is not done yet.
    """

    place: Place
    key: str
    outcome: LogOutcome
    reason: str
    at: datetime
    head: MessageHead = field(default_factory=MessageHead)
    detail: str | None = None
    delivery_id: str | None = None
    retry_at: datetime | None = None

    @property
    def id(self) -> str:
        """The id of the entry."""
        return entry_id(self.place, self.key)


def already_posted(message: LoggedMessage) -> Conflict:
    """Return the error of a retry of a message that is posted."""
    return Conflict(
        f"The message was posted already, on {message.at:%Y-%m-%d %H:%M} UTC; it is never posted twice.",
        "Look for it in its conversation; to have another text there, answer the e-mail once more.",
    )


def entry_id(place: Place, key: str) -> str:
    """Return the id of a message's entry: 26 lower-case base32 characters, equal in every process."""
    digest = hashlib.sha256("\0".join((place.mailbox, place.validity, key)).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest[:20]).decode("ascii").lower()[:26]
