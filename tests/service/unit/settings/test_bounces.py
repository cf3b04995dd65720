# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where undeliverable mails come back to: what is refused, and what is said when the service cannot read them there."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.bounces import bounce_hint
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.connections import sending_settings
from catalog_mail.domain.settings.document import TLS, Deployment
from catalog_mail.domain.settings.reading import read
from catalog_mail.domain.settings.servers import SmtpServer
from catalog_mail.domain.settings.validation import check

BUILTIN = SmtpServer("127.0.0.1", 25, TLS.NONE)
REPLIES = {
    "enabled": True, "reply_to": "replies@corp.test",
    "imap": {"host": "mail.corp.test", "username": "replies", "password": "x"},
}  # fmt: skip
MICROSOFT = {
    "transport": "microsoft",
    "microsoft": {"email_address": "catalog@corp.test", "tenant_id": "corp.test", "client_secret": "x" * 34,
                  "client_id": "00000000-0000-0000-0000-000000000001"},
}  # fmt: skip


def settings(bounce_to: str = "sender", interactions: dict[str, Any] | None = None, **notifications: Any) -> dict[str, Any]:
    sender = {} if "microsoft" in notifications else {"from": {"address": "noreply@corp.test"}}
    return {
        "notifications": {"bounce_to": bounce_to, **sender, **notifications},
        "interactions": {"enabled": False} if interactions is None else interactions,
    }


def refused(document: dict[str, Any]) -> InputRefused:
    with pytest.raises(InputRefused) as found:
        check(read(document), {}, {}, Deployment.ON_PREMISES)
    return found.value


def test_replies_that_are_off_read_no_bounces() -> None:
    error = refused(settings("reply_to"))
    assert error.field == "notifications.bounce_to"
    assert "Replies are switched off" in error.cause and "interactions.enabled" in error.remedy


def test_microsoft_graph_cannot_set_the_envelope() -> None:
    error = refused(settings("reply_to", REPLIES, **MICROSOFT))
    assert error.field == "notifications.bounce_to"
    assert "Graph cannot set the address of the envelope" in error.cause and "transport smtp" in error.remedy


def test_an_unknown_address_is_refused() -> None:
    with pytest.raises(InputRefused) as found:
        read(settings("somewhere"))
    assert found.value.field == "notifications.bounce_to"


@pytest.mark.parametrize(("bounce_to", "address"), [("sender", "noreply@corp.test"), ("reply_to", "replies@corp.test")])
def test_the_envelope_has_the_chosen_address(bounce_to: str, address: str) -> None:
    candidate = read(settings(bounce_to, REPLIES))
    found = sending_settings(candidate.document, {}, BUILTIN, MicrosoftAccess())
    assert (found.from_address, found.envelope_from) == ("noreply@corp.test", address)


@pytest.mark.parametrize(
    ("document", "said", "remedy"),
    [
        (settings(), "noreply@corp.test, a name behind which there is usually no mailbox", "Set up replies"),
        (settings(**{"from": {"address": "catalog@corp.test"}}), "whose mailbox the service does not read", "Set up replies"),
        (settings("sender", REPLIES), "noreply@corp.test", "Set notifications.bounce_to to reply_to."),
        (settings("sender", REPLIES, **MICROSOFT), "the mailbox of catalog@corp.test", "Look into that mailbox"),
        (settings("reply_to", REPLIES), None, None),
        (settings("sender", REPLIES, **{"from": {"address": "Replies@corp.test"}}), None, None),
        (settings("sender", {**REPLIES, "receiver": "microsoft", "reply_to": "catalog@corp.test"}, **MICROSOFT), None, None),
        (settings(enabled=False), None, None),
    ],
)  # fmt: skip
def test_settings_without_bounces_are_named(document: dict[str, Any], said: str | None, remedy: str | None) -> None:
    hint = bounce_hint(read(document).document)
    if said is None or remedy is None:
        assert hint is None
        return
    assert hint is not None
    assert (hint.code, said in hint.cause, remedy in hint.remedy) == ("bounces-not-read", True, True)


def test_the_cloud_edition_has_no_hint() -> None:
    assert bounce_hint({"notifications": {"enabled": True}, "interactions": {"enabled": False, "reply_to": None}}) is None
