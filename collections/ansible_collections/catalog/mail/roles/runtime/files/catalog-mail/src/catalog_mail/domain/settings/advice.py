# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice of Test and Save on settings that work and can lose replies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catalog_mail.domain.settings.document import IntentTracking, Receiver, Transport

# A Message-ID in a server's answer (RFC 5322, 3.6.4).
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
# Amazon SES replaces every Message-ID, and answers with the new one's local part.
_REPLACES_MESSAGE_IDS = re.compile(r"email-smtp(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\.?", re.IGNORECASE)


def advice_on_tracking(document: Mapping[str, Any], *, message_id: str | None, response: str | None) -> list[str]:
    """Return sentences on how replies are recognised; none when nothing is to be done.

    `message_id` is that of the test message, and `response` the answer of the mail server that accepted it; None without a test.
    """
    notifications, interactions = document["notifications"], document["interactions"]
    tracking = interactions["intent_tracking"]
    if not interactions["enabled"] or interactions["receiver"] == Receiver.MICROSOFT or tracking == IntentTracking.SUBADDRESS:
        return []
    host = str(notifications["smtp"]["host"] or "") if notifications["transport"] == Transport.SMTP else ""
    reply_to = str(interactions["reply_to"])
    replaced = message_id is not None and response is not None and _names_another(message_id, response)
    if replaced or _REPLACES_MESSAGE_IDS.fullmatch(host):
        return [f"The mail server replaces the Message-ID of mails. {_lost(reply_to, tracking)}"]
    if tracking == IntentTracking.MESSAGE_ID:
        return [f"A relay may replace the Message-ID of mails. {_lost(reply_to, tracking)}"]
    return []


def _names_another(message_id: str, response: str) -> bool:
    """Return whether the answer names a Message-ID, and not that of the message (Exchange names it)."""
    named = _MESSAGE_ID.findall(response)
    return bool(named) and message_id.lower() not in [name.lower() for name in named]


def _lost(reply_to: str, tracking: object) -> str:
    local, _at, domain = reply_to.rpartition("@")
    example = f"{local}+...@{domain}"
    remedy = (
        f"set interactions.intent_tracking to 'subaddress', and let the mailbox of {reply_to} receive {example}."
        if tracking == IntentTracking.MESSAGE_ID
        else f"let the mailbox of {reply_to} receive {example}; the service then uses such sub-addresses by itself."
    )
    return (
        "Replies are then recognised by References alone, which some mail programs drop. If replies are rejected as answers to "
        f"no e-mail, {remedy}"
    )
