# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert notifications and deliveries to rows, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.notifications import recipients
from catalog_mail.domain.notifications.notification import FINAL, IN_CONVERSATIONS, Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.replies.intent import HANDLE_LENGTH

MAX_TEXT = 2000
MAX_SUBJECT = 300


def notification_row(notification: Notification) -> dict[str, Any]:
    """Return a notification as a row of `notifications`."""
    return {
        "id": notification.id,
        "kind": notification.kind.value,
        "created_at": notification.created_at,
        "created_by": notification.created_by,
        "data": dict(notification.data),
        "thread": notification.thread,
        "idempotency_key": notification.idempotency_key,
        "fingerprint": notification.fingerprint,
    }


def delivery_row(delivery: Delivery, notification: Notification) -> dict[str, Any]:
    """Return an accepted delivery as a row of `deliveries`."""
    return {
        "id": delivery.id,
        "notification_id": notification.id,
        "kind": notification.kind.value,
        "address": delivery.recipient.address,
        "recipient": recipients.key(delivery.recipient),
        "display_name": delivery.recipient.display_name,
        "user_id": delivery.recipient.user_id,
        "subject": shortened(notification.data.get("subject")) if notification.kind is Kind.MESSAGE else None,
        "state": delivery.state.value,
        "accepted_at": notification.created_at,
        "attempts": delivery.attempts,
        "reason": delivery.reason,
        "cause": delivery.reason,
        "ended_at": notification.created_at if delivery.state in FINAL else None,
        "handle": delivery.id[:HANDLE_LENGTH] if notification.kind in IN_CONVERSATIONS else None,
    }


def shortened(subject: str | None) -> str | None:
    """Return a subject as it is stored; None for one that is not known."""
    return None if subject is None else (storable(subject) or "")[:MAX_SUBJECT]


def to_notification(row: Row[Any]) -> Notification:
    """Return the notification of a row of `notifications`."""
    return Notification(
        id=row.id,
        kind=Kind(row.kind),
        created_at=row.created_at,
        created_by=row.created_by,
        data=row.data,
        thread=row.thread,
        idempotency_key=row.idempotency_key,
        fingerprint=row.fingerprint,
    )


def to_delivery(row: Row[Any]) -> Delivery:
    """Return the delivery of a row of `deliveries`."""
    return Delivery(
        id=row.id,
        notification_id=row.notification_id,
        recipient=Recipient(row.address, row.display_name, row.user_id),
        state=State(row.state),
        subject=row.subject,
        message_id=row.message_id,
        message=row.message,
        attempts=row.attempts,
        waited=row.waited + row.pause,
        failure=to_failure(row.failure),
        reason=row.reason,
        response=row.response,
        next_attempt_at=row.next_attempt_at,
        sent_at=row.sent_at,
    )


def failure_value(failure: Failure | None) -> dict[str, Any] | None:
    """Return a failure as JSON."""
    if failure is None:
        return None
    values = asdict(failure)
    del values["retry_after"]  # used already, and unknown to older versions of this package
    texts = {name: storable(value) for name, value in values.items() if isinstance(value, str)}
    return {**values, **texts, "code": failure.code.value}


def storable(text: str | None) -> str | None:
    """Return a server's text in a form that every database stores: bounded, without NUL and unpaired surrogates."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:MAX_TEXT]


def to_failure(value: dict[str, Any] | None) -> Failure | None:
    """Return the failure of a JSON value."""
    return None if value is None else Failure(**{**value, "code": Cause(value["code"])})
