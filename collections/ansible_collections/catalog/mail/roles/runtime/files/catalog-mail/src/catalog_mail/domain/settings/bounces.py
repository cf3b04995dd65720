# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say where undeliverable mails come back to, when the service cannot read them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_mail.domain.settings.document import BounceTo, Receiver, Transport

# Mailboxes of these names usually do not exist, or nobody reads them.
_UNREAD = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply")


@dataclass(frozen=True)
class BounceHint:
    """`cause` tells why no bounce reaches the service, `remedy` what helps; `field` is the setting to change."""

    code: str
    cause: str
    remedy: str
    field: str = "notifications.bounce_to"


def bounce_hint(document: Mapping[str, Any]) -> BounceHint | None:
    """Return the hint for settings with which no bounce comes to the mailbox that the service reads; None without one.

    `document` is a checked document, without secrets; the cloud edition's has no sender.
    """
    notifications, interactions = document["notifications"], document["interactions"]
    if "transport" not in notifications or not notifications["enabled"]:
        return None
    reply_to = str(interactions["reply_to"] or "").lower() if interactions["enabled"] else ""
    if notifications["transport"] == Transport.MICROSOFT:
        account = str(notifications["microsoft"]["email_address"] or "")
        if reply_to == account.lower() and interactions["receiver"] == Receiver.MICROSOFT:
            return None
        return BounceHint(
            "bounces-not-read",
            f"Undeliverable mails come back to the mailbox of {account}, which the service does not read; Microsoft Graph cannot "
            "send them elsewhere.",
            "Look into that mailbox from time to time, or make it the mailbox of replies (interactions.reply_to).",
            "interactions.reply_to",
        )
    address = str(notifications["from"]["address"] or "")
    if reply_to and (notifications.get("bounce_to") == BounceTo.REPLY_TO or reply_to == address.lower()):
        return None
    unread = address.lower().startswith(_UNREAD)
    whose = "a name behind which there is usually no mailbox" if unread else "whose mailbox the service does not read"
    return BounceHint(
        "bounces-not-read",
        f"Undeliverable mails come back to {address}, {whose}: a recipient whose address is wrong is not noticed.",
        "Set notifications.bounce_to to reply_to." if reply_to else "Set up replies, and notifications.bounce_to to reply_to.",
    )
