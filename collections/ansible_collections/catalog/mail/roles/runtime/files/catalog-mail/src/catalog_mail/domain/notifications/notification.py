# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: their kinds, recipients and deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog_mail.domain.failures.failure import Failure


class Kind(StrEnum):
    """The subject of a notification. A user's opt-out is named `notify_on_` with this value."""

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
    REPLY_REJECTED = "reply_rejected"  # the reason why a reply was not posted; only the service itself sends it


# Sent even while all notifications are switched off: a user waits for the result of their own request.
SENT_WHEN_SWITCHED_OFF = frozenset({Kind.DOWNLOAD_READY, Kind.DOWNLOAD_FAILED})

# Kinds that callers of the API can request.
REQUESTABLE = frozenset(Kind) - {Kind.REPLY_REJECTED}

# A reply to IN_CONVERSATIONS is recognised; only a reply to ANSWERABLE is posted.
IN_CONVERSATIONS = frozenset({Kind.MENTION, Kind.ASSIGNMENT})
ANSWERABLE = frozenset({Kind.MENTION})


class State(StrEnum):
    """The state of the delivery to one recipient."""

    ACCEPTED = "accepted"      # stored in the database
    QUEUED = "queued"          # assigned to a durable workflow
    SENDING = "sending"        # being sent to a mail server
    RETRYING = "retrying"      # failed for now; next attempt at `next_attempt_at`
    SENT = "sent"              # accepted by a mail server
    BOUNCED = "bounced"        # accepted by a mail server, and came back; `failure` tells why
    FAILED = "failed"          # failed for good; `failure` tells why
    SUPPRESSED = "suppressed"  # not sent on purpose; `reason` tells why (mail_log.SUPPRESSED)


FINAL = frozenset({State.SENT, State.BOUNCED, State.FAILED, State.SUPPRESSED})


@dataclass(frozen=True)
class Recipient:
    """The recipient of one message. `user_id` is set for a user of the embedded catalog."""

    address: str
    display_name: str = ""
    user_id: str | None = None


@dataclass(frozen=True)
class Notification:
    """One notification, to one or more recipients.

    `data` are the values for the kind's templates (JSON). `thread` groups messages in a mail program, such as
    `conversation.<id>`; None for a message without a thread. `fingerprint` is the SHA-256 of the request in hexadecimal
    digits; a request with the same idempotency key and another fingerprint is a conflict.
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

    `message` is the rendered mail (RFC 5322, CRLF), None before rendering; afterwards `message` and `message_id` never change.
    `subject` is the mail's subject, None before it is known.
    `attempts` counts the attempts so far, and `waited` adds up the pauses between them, in seconds. `response` is the reply with
    which the server accepted the mail.
    """

    id: str
    notification_id: str
    recipient: Recipient
    state: State
    subject: str | None = None
    message_id: str | None = None
    message: bytes | None = None
    attempts: int = 0
    waited: float = 0.0
    failure: Failure | None = None
    reason: str | None = None
    response: str | None = None
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
