"""Notifications: their kinds, who gets them, and the states of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog_mail.domain.failures.failure import Failure


class Kind(StrEnum):
    """What a notification is about. A user's opt-out is called `notify_on_` and this."""

    SUBSCRIBED_EVENT = "subscribed_event"
    DOWNLOAD_READY = "download_ready"
    DOWNLOAD_FAILED = "download_failed"
    SCHEDULED_QUERY_SUCCEEDED = "scheduled_query_succeeded"
    SCHEDULED_QUERY_FAILED = "scheduled_query_failed"
    SYSTEM_HEALTH = "system_health"
    SCHEDULED_JOB_STATUS = "scheduled_job_status"
    MENTION = "mention"
    ASSIGNMENT = "assignment"
    MESSAGE = "message"  # another catalog's own text and recipients
    REPLY_REJECTED = "reply_rejected"  # why a reply by e-mail was not posted; nobody asks for it but ourselves


# Sent even while all notifications are switched off: somebody waits for the result of their own request.
SENT_WHEN_SWITCHED_OFF = frozenset({Kind.DOWNLOAD_READY, Kind.DOWNLOAD_FAILED})

# What others may ask for.
REQUESTABLE = frozenset(Kind) - {Kind.REPLY_REJECTED}

# A reply to one of these can be recognised, and posted if it answers a mention.
IN_CONVERSATIONS = frozenset({Kind.MENTION, Kind.ASSIGNMENT})
ANSWERABLE = frozenset({Kind.MENTION})


class State(StrEnum):
    """Where the delivery to one recipient stands."""

    ACCEPTED = "accepted"      # on disk
    QUEUED = "queued"          # a durable workflow has it
    SENDING = "sending"        # handed to a mail server this moment
    RETRYING = "retrying"      # failed for now; tried again at `next_attempt_at`
    SENT = "sent"              # taken over by a mail server
    FAILED = "failed"          # for good; `failure` tells why
    SUPPRESSED = "suppressed"  # not sent on purpose; `reason` tells why: switched_off, unsubscribed, inactive


FINAL = frozenset({State.SENT, State.FAILED, State.SUPPRESSED})


@dataclass(frozen=True)
class Recipient:
    """Whom one message goes to. `user_id` is set for a user of the embedded catalog."""

    address: str
    display_name: str = ""
    user_id: str | None = None


@dataclass(frozen=True)
class Notification:
    """One thing to tell, to one recipient or several.

    `data` is what the kind's templates need (JSON). `thread` names what keeps messages together in a mail program,
    such as `conversation.<id>`; without one each message stands alone. `fingerprint` is the SHA-256 of the request, in
    hexadecimal: the same idempotency key with another one is a conflict.
    """

    id: str
    kind: Kind
    created_at: datetime
    created_by: str
    data: Mapping[str, Any] = field(default_factory=dict)
    thread: str | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Delivery:
    """The message of one notification to one recipient.

    `message` is the rendered mail (RFC 5322, CRLF), None until it was rendered; it never changes afterwards, and with
    it neither does `message_id`. `attempts` counts the tries so far. `response` is the server's answer that took it.
    """

    id: str
    notification_id: str
    recipient: Recipient
    state: State
    message_id: str | None = None
    message: bytes | None = None
    attempts: int = 0
    failure: Failure | None = None
    reason: str | None = None
    response: str | None = None
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
