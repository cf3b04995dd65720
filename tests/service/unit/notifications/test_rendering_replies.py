# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay may replace the Message-ID: References contains the intent wherever Reply-To does not."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from typing import Any

import pytest
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.replies.intent import candidates, verified
from catalog_mail.domain.replies.reply import Replying
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from catalog_mail.services.rendering import Rendering

KEY = b"k" * 32
AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DELIVERY = Delivery("abcdefghijklmnopqrstuvwxyz", "n" * 26, Recipient("jane@corp.test"), State.ACCEPTED)
MENTION = {"author": "Joe", "conversation": "Sales", "text": "@jane", "url": "https://catalog.example.com/1"}
SMTP = SmtpServer("mail.corp.test", 25, TLS.NONE)


class Templates:
    """Fulfils ports.Templates."""

    def render(self, name: str, _context: Any) -> str:
        return name


def rendered(transport: Transport, *, by_subaddress: bool, kind: Kind, thread: str | None) -> Any:
    rendering = Rendering(
        templates=Templates(), signing_keys=[KEY], intent_keys=[KEY], base_url="https://catalog.example.com", catalog_name="C"
    )
    notification = Notification("n" * 26, kind, AT, "test", MENTION, thread)
    sending = SendingSettings(transport, "noreply@corp.test", "Catalog", SMTP)
    mail = rendering.render(notification, DELIVERY, sending, Replying("replies@corp.test", by_subaddress))
    return email.message_from_bytes(mail.message, policy=email.policy.SMTP)


@pytest.mark.parametrize("thread", [None, "conversation.1"])
@pytest.mark.parametrize("kind", [Kind.MENTION, Kind.ASSIGNMENT])
@pytest.mark.parametrize("transport", list(Transport))
def test_the_intent_is_in_references(transport: Transport, kind: Kind, thread: str | None) -> None:
    message = rendered(transport, by_subaddress=False, kind=kind, thread=thread)
    [intent] = candidates([message["References"]])
    assert verified([KEY], intent) == DELIVERY.id[:14]
    assert message["Reply-To"] == "replies@corp.test"
    assert message["Message-ID"] not in message["References"], "no mail refers to itself"


@pytest.mark.parametrize("transport", [Transport.SMTP, Transport.BUILTIN])
def test_a_subaddress_is_enough(transport: Transport) -> None:
    message = rendered(transport, by_subaddress=True, kind=Kind.MENTION, thread="conversation.1")
    assert candidates([message["References"]]) == []
    assert len(candidates([message["Reply-To"]])) == 1
