# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to send a notification, and its validation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.mime.text import has_control_characters, is_storable
from catalog_mail.domain.notifications.data import LONGEST_TEXT, LONGEST_TITLE, NAMES_RECIPIENTS, check_data
from catalog_mail.domain.notifications.notification import Kind, Recipient
from catalog_mail.domain.notifications.recipients import is_unknown

MOST_RECIPIENTS = 1000
LONGEST_HTML = 500_000
LONGEST_NAME = 200


@dataclass(frozen=True)
class NotificationRequest:
    """One notification to send.

    `recipients` replaces the recipients that the kind and its data name; the kind `message` requires it. One without an address
    is a name that no user has (`recipients.of_unknown`). Only the kind `message` has `subject`, `text` and `html`. `html` is sent
    unchanged: the other catalog is responsible for it.
    """

    kind: Kind
    data: Mapping[str, Any] = field(default_factory=dict)
    recipients: tuple[Recipient, ...] | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    thread: str | None = None
    idempotency_key: str | None = None


def checked(request: NotificationRequest) -> dict[str, Any]:
    """Check a request; return the content to store with the notification. Raises InputRefused when a field is not valid."""
    data = check_data(request.kind, request.data)
    _check_recipients(request)
    if request.kind is Kind.MESSAGE:
        return {"subject": _subject(request.subject), "text": _text(request.text), "html": _html(request.html)}
    for name in ("subject", "text", "html"):
        if getattr(request, name) is not None:
            raise InputRefused(
                name,
                f"A notification of the kind {request.kind} is written from its data.",
                f"Leave {name} out, or use the kind message for a text of your own.",
            )
    return data


def fingerprint(request: NotificationRequest) -> str:
    """Return the SHA-256 of a request, without its idempotency key, in hexadecimal digits."""
    recipients = None if request.recipients is None else [vars(recipient) for recipient in request.recipients]
    content = {**vars(request), "recipients": recipients, "idempotency_key": None}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _check_recipients(request: NotificationRequest) -> None:
    if request.recipients is None:
        name = NAMES_RECIPIENTS.get(request.kind)
        if request.kind is Kind.MESSAGE:
            raise InputRefused("recipients", "It is missing.", "Say who gets the message: a list of addresses.")
        if name and request.data.get(name) is None:
            raise InputRefused(f"data.{name}", "The request names no recipient.", f"Give {name}, or recipients.")
        return
    if not 1 <= len(request.recipients) <= MOST_RECIPIENTS:
        raise InputRefused("recipients", f"There are {len(request.recipients)}.", f"Give 1 to {MOST_RECIPIENTS}.")
    for number, recipient in enumerate(request.recipients):
        if not is_unknown(recipient):
            checked_address(f"recipients.{number}.address", recipient.address)
        if len(recipient.display_name) > LONGEST_NAME or not is_storable(recipient.display_name):
            raise InputRefused(
                f"recipients.{number}.display_name",
                "It cannot be a display name.",
                f"Give at most {LONGEST_NAME} characters without NUL.",
            )


def _subject(subject: str | None) -> str:
    if subject is None or not 1 <= len(subject) <= LONGEST_TITLE or has_control_characters(subject):
        raise InputRefused(
            "subject",
            "A message needs a subject of one line." if subject is None else "It cannot be the subject of a mail.",
            f"Give 1 to {LONGEST_TITLE} characters without line breaks and other control characters.",
        )
    return subject


def _text(text: str | None) -> str:
    if text is None or not is_storable(text) or len(text) > LONGEST_TEXT:
        raise InputRefused(
            "text",
            "A message needs a text." if text is None else "It cannot be the text of a mail.",
            f"Give at most {LONGEST_TEXT} characters without NUL; html can be added to it, but does not replace it.",
        )
    return text


def _html(html: str | None) -> str | None:
    if html is not None and (not is_storable(html) or not 1 <= len(html) <= LONGEST_HTML):
        raise InputRefused(
            "html",
            "It is empty." if html == "" else "It cannot be part of a mail.",
            f"Give 1 to {LONGEST_HTML} characters without NUL, or leave it out to have it made from the text.",
        )
    return html
