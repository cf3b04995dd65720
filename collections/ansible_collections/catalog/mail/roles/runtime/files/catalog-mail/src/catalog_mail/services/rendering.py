# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the mail of a delivery from its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from catalog_mail.domain.mime.headers import is_message_id
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.notifications import message
from catalog_mail.domain.notifications.data import FIELDS, LONGEST_TITLE, Form
from catalog_mail.domain.notifications.message import Mail, Rendered, Replies, Thread
from catalog_mail.domain.notifications.notification import ANSWERABLE, IN_CONVERSATIONS, Delivery, Kind, Notification
from catalog_mail.domain.notifications.unsubscribe import make_token
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.reply import MARKER, Replying
from catalog_mail.domain.settings.document import Transport
from catalog_mail.domain.settings.servers import SendingSettings
from catalog_mail.ports.notifications import Templates


class Rendering:
    """Renders mails. Each kind has three templates: `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`.

    The variables of a template are the data of the kind, `recipient` (address, display_name), `catalog_name`, `base_url`,
    `kind`, `subject` (not in the subject template), `unsubscribe_url`, and `reply_marker`: the line above which the recipient
    writes a reply, None for a mail that cannot be answered. A message of another catalog with its own HTML uses no templates:
    both its parts are sent unchanged.
    """

    def __init__(
        self,
        *,
        templates: Templates,
        signing_keys: Sequence[bytes],
        intent_keys: Sequence[bytes],
        base_url: str,
        catalog_name: str,
    ) -> None:
        self._templates = templates
        self._keys = signing_keys
        self._intent_keys = intent_keys
        self._base_url = base_url
        self._catalog_name = catalog_name
        self._domain = _domain(base_url)

    def render(
        self, notification: Notification, delivery: Delivery, sending: SendingSettings, replying: Replying | None
    ) -> Rendered:
        """Return the mail, the same for the same arguments and templates.

        Raises Misconfigured when a template cannot be used.
        """
        replies = self._replies(notification, delivery, replying, sending.transport)
        token = make_token(self._keys, delivery.recipient.address, notification.kind)
        url = f"{self._base_url}/unsubscribe/{token}"
        subject, text, html = self._content(notification, self._context(notification, delivery, url, replies))
        mail = Mail(
            id=delivery.id,
            from_address=sending.from_address,
            from_name=sending.display_name,
            to_address=delivery.recipient.address,
            to_name=delivery.recipient.display_name,
            subject=subject,
            text=text,
            html=html,
            created_at=notification.created_at,
            catalog_name=self._catalog_name,
            catalog_domain=self._domain,
            list_name=notification.kind.value,
            unsubscribe_url=url,
            thread=_thread(notification, subject),
            replies=replies,
            answers=_answered(notification),
        )
        return Rendered(message.message_id(mail), message.compose(mail), subject)

    def _replies(
        self, notification: Notification, delivery: Delivery, replying: Replying | None, transport: Transport
    ) -> Replies | None:
        """Return the reply headers; also for mails that cannot be answered, so that a reply to one gets an explanation."""
        if replying is None or notification.kind not in IN_CONVERSATIONS:
            return None
        token = intent.make(self._intent_keys[0], delivery.id)
        address = intent.subaddress(replying.address, token) if replying.by_subaddress else replying.address
        # A relay may replace the Message-ID, and Exchange does, whatever the tracking.
        referred = transport is Transport.MICROSOFT or not replying.by_subaddress
        return Replies(address, token, referred=referred)

    def _context(
        self, notification: Notification, delivery: Delivery, url: str, replies: Replies | None
    ) -> dict[str, Any]:
        return {
            "reply_marker": MARKER if replies and notification.kind in ANSWERABLE else None,
            **_readable(notification),
            "kind": notification.kind.value,
            "recipient": {
                "address": delivery.recipient.address,
                "display_name": one_line(delivery.recipient.display_name, LONGEST_TITLE),
            },
            "catalog_name": self._catalog_name,
            "base_url": self._base_url,
            "unsubscribe_url": url,
        }

    def _content(self, notification: Notification, context: Mapping[str, Any]) -> tuple[str, str, str]:
        """Return subject, text and HTML."""
        kind, data = notification.kind.value, notification.data
        if notification.kind is Kind.MESSAGE and data.get("html") is not None:
            return data["subject"], data["text"], data["html"]
        subject = one_line(self._templates.render(f"{kind}.subject.txt", context))
        context = {**context, "subject": subject}
        return subject, self._templates.render(f"{kind}.txt", context), self._templates.render(f"{kind}.html", context)


def _readable(notification: Notification) -> dict[str, Any]:
    """Return the data, with names and titles as one line each."""
    fields = FIELDS[notification.kind]
    titles = {name for name, field in fields.items() if field.form is Form.TITLE}
    return {
        name: one_line(value, LONGEST_TITLE) if name in titles and isinstance(value, str) else value
        for name, value in notification.data.items()
    }


def _answered(notification: Notification) -> str | None:
    """Return the Message-ID of the reply that this mail is about, if it is valid in a header."""
    if notification.kind is not Kind.REPLY_REJECTED:
        return None
    value = notification.data.get("in_reply_to") or ""
    return value if is_message_id(value) else ""


def _thread(notification: Notification, subject: str) -> Thread | None:
    if notification.thread is None:
        return None
    return Thread(notification.thread, notification.data.get("conversation") or subject)


def _domain(base_url: str) -> str:
    """Return the host of the catalog's URL; it makes identifiers that do not depend on the sender (RFC 5322, id-right)."""
    host = urlsplit(base_url).hostname or "localhost"
    return f"[{host}]" if ":" in host else host
