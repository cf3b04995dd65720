# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies by e-mail, and the reasons for which a message is not posted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.replies.bounced import BounceReport
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.message_head import MessageHead

# The line above a mail that can be answered; the text above this line is the reply.
MARKER = "Please type your reply above this line"


@dataclass(frozen=True)
class Replying:
    """The current settings for replies: the mailbox's address, and whether intents are sub-addresses of it."""

    address: str
    by_subaddress: bool


class Reason(StrEnum):
    """The reason why a message was not posted: one word for logs, metrics and the database."""

    # ignored: automatic mail
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    REACTION = "reaction"        # an emoji instead of an answer
    OWN_MAIL = "own_mail"
    SUBADDRESS_PROBE = "probe"              # the service's own test of sub-addresses
    # rejected: a person's mail that cannot be posted
    MALFORMED = "malformed"      # no sender, or several
    UNKNOWN_SENDER = "unknown_sender"
    SENDER_NOT_VERIFIED = "sender_not_verified"
    INACTIVE_USER = "inactive_user"
    NO_INTENT = "no_intent"
    FORGED_INTENT = "forged_intent"
    EXPIRED_INTENT = "expired_intent"
    WRONG_SENDER = "wrong_sender"
    OTHER_ADDRESS = "other_address"  # from no user's address, with the intent of a mail that a user got
    NOT_ANSWERABLE = "not_answerable"
    CONVERSATION_GONE = "conversation_gone"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    OPAQUE_SIGNATURE = "opaque_signature"  # signed in a form that wraps the text (RFC 8551, 3.5.2)
    COMPRESSED = "compressed"    # S/MIME (RFC 8551, 3.6)
    TNEF = "tnef"                # Outlook Rich Text, nothing but winmail.dat
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"  # more parts, or deeper nesting, than the limits
    REFUSED_BY_CATALOG = "refused_by_catalog"
    # quarantined
    UNDECIDABLE = "undecidable"  # the decision failed several times, or the mailbox never returned the message


IGNORED = frozenset(
    {Reason.AUTO_REPLY, Reason.BOUNCE, Reason.RECEIPT, Reason.REACTION, Reason.OWN_MAIL, Reason.SUBADDRESS_PROBE}
)


@dataclass(frozen=True)
class NotPosted:
    """A message that is not posted, for good. `detail` is for the log, without text from the message.

    `bounce` is the failure that a bounce reports of an e-mail of this service, if any.
    """

    reason: Reason
    detail: str = ""
    bounce: BounceReport | None = None

    @property
    def disposition(self) -> Disposition:
        """The disposition for this reason."""
        if self.reason in IGNORED:
            return Disposition.IGNORED
        return Disposition.QUARANTINED if self.reason is Reason.UNDECIDABLE else Disposition.REJECTED


@dataclass(frozen=True)
class Answered:
    """The mail that a reply answers. `conversation_id` is None when the embedded catalog has no conversation of its thread.

    `title` and `url` are those of the conversation, as written in the mail.
    """

    delivery_id: str
    notification_id: str
    kind: Kind
    created_at: datetime
    address: str
    user_id: str | None
    thread: str | None
    conversation_id: str | None
    title: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Origin:
    """The location of a message: the mailbox, and the message's key in it; with its head for the log."""

    place: Place
    key: str
    head: MessageHead = field(default_factory=MessageHead)


@dataclass(frozen=True)
class Reply:
    """A reply to post.

    `key` is 52 lower-case characters that are equal for every copy of this reply: the idempotency key of its post.
    `notification_id` and `delivery_id` identify the answered mail, `conversation_id` the embedded catalog's conversation or None,
    `thread` is the name of the conversation in the notification. `address` is the sender's, in lower case, `user_id` that of the
    embedded catalog's user or None. `text` is never empty. `message_id` is the reply's own, or "". `origin` is recorded with the
    post, and not sent to another catalog.
    """

    key: str
    delivery_id: str
    notification_id: str
    conversation_id: str | None
    thread: str | None
    address: str
    user_id: str | None
    text: str
    message_id: str
    origin: Origin
