"""A reply by e-mail: what can become of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.replies.mailbox import Disposition, Place

# Stands above a mail that can be answered; what is written above it is the answer.
MARKER = "Please type your reply above this line"


@dataclass(frozen=True)
class Replying:
    """How mails are to be answered at this moment: the mailbox's address, and whether intents are its sub-addresses."""

    address: str
    by_subaddress: bool


class Reason(StrEnum):
    """Why a message was not posted. One word for logs, metrics and the database."""

    # ignored: nobody wrote it to us
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    OWN_MAIL = "own_mail"
    SUBADDRESS_PROBE = "probe"              # our own test of sub-addresses
    # rejected: somebody wrote it, and it cannot be posted
    MALFORMED = "malformed"      # no sender, or several
    UNKNOWN_SENDER = "unknown_sender"
    SENDER_NOT_VERIFIED = "sender_not_verified"
    INACTIVE_USER = "inactive_user"
    NO_INTENT = "no_intent"
    FORGED_INTENT = "forged_intent"
    EXPIRED_INTENT = "expired_intent"
    WRONG_SENDER = "wrong_sender"
    NOT_ANSWERABLE = "not_answerable"
    CONVERSATION_GONE = "conversation_gone"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"  # more parts, or deeper ones, than anybody writes
    REFUSED_BY_CATALOG = "refused_by_catalog"
    # quarantined
    UNDECIDABLE = "undecidable"  # the decision failed several times, or the mailbox never gave it


IGNORED = frozenset({Reason.AUTO_REPLY, Reason.BOUNCE, Reason.RECEIPT, Reason.OWN_MAIL, Reason.SUBADDRESS_PROBE})


@dataclass(frozen=True)
class NotPosted:
    """A message that is not posted, for good. `detail` is more for the log, without anything that somebody wrote."""

    reason: Reason
    detail: str = ""

    @property
    def disposition(self) -> Disposition:
        """What the message becomes."""
        if self.reason in IGNORED:
            return Disposition.IGNORED
        return Disposition.QUARANTINED if self.reason is Reason.UNDECIDABLE else Disposition.REJECTED


@dataclass(frozen=True)
class Answered:
    """The mail that a reply answers. `conversation_id` is the embedded catalog's, None where it has none of that thread.

    `title` and `url` are those of the conversation, as the mail told them.
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
    """Where a message lies: the mailbox, and the message's key in it."""

    place: Place
    key: str


@dataclass(frozen=True)
class Reply:
    """A reply that is to be posted.

    `key` is 52 lower-case characters that are the same whenever this reply is read, wherever it lies: the idempotency key of
    its post. `notification_id` and `delivery_id` are what it answers, `conversation_id` the embedded catalog's conversation
    or None, `thread` the name of the conversation that the notification came with. `address` is the sender's, in lower case,
    `user_id` of the embedded catalog's user or None. `text` is never empty. `message_id` is the reply's own, or "". `origin`
    is recorded with the post, and of no meaning to another catalog.
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
