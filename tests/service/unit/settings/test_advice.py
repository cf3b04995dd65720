# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test and Save names sub-addresses as the remedy where replies may lose their Message-ID."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.domain.settings.advice import advice_on_tracking
from catalog_mail.services.settings_editor import EmailTestOptions
from helpers.service.settings_memory import ADMIN, SettingsInMemory

OWN = "<abcdefghijklmnopqrstuvwxyz@corp.test>"
EXCHANGE = "250 2.6.0 {} [InternalId=7, Hostname=a.prod.outlook.test] 8 bytes in 0.1, 80 KB/sec Queued mail for delivery"


def document(tracking: str, *, host: str = "mail.corp.test", transport: str = "smtp", **interactions: Any) -> dict[str, Any]:
    replies = {"enabled": True, "receiver": "imap", "reply_to": "replies@corp.test", "intent_tracking": tracking, **interactions}
    return {"notifications": {"transport": transport, "smtp": {"host": host}}, "interactions": replies}


@pytest.mark.parametrize(
    "settings, response, words",
    [
        (document("message_id"), None, "may replace"),
        (document("message_id"), "250 2.0.0 Ok: queued as 4F1", "may replace"),
        (document("message_id", transport="builtin"), None, "may replace"),
        (document("message_id", transport="microsoft"), None, "may replace"),
        (document("message_id"), EXCHANGE.format("<other@prod.outlook.test>"), "server replaces"),
        (document("auto"), EXCHANGE.format("<other@prod.outlook.test>"), "server replaces"),
        (document("auto", host="email-smtp.eu-west-1.amazonaws.com"), None, "server replaces"),
        (document("auto", host="EMAIL-SMTP-FIPS.us-east-1.amazonaws.com."), "250 Ok 0100-000000", "server replaces"),
    ],
)
def test_the_remedy_is_named(settings: dict[str, Any], response: str | None, words: str) -> None:
    [sentence] = advice_on_tracking(settings, message_id=OWN, response=response)
    assert words in sentence
    assert "replies+...@corp.test" in sentence
    assert ("intent_tracking" in sentence) == (settings["interactions"]["intent_tracking"] == "message_id")


@pytest.mark.parametrize(
    "settings, response",
    [
        (document("subaddress", host="email-smtp.eu-west-1.amazonaws.com"), EXCHANGE.format("<other@prod.outlook.test>")),
        (document("message_id", receiver="microsoft"), None),  # there is no other way
        (document("message_id", enabled=False), None),
        (document("auto"), None),
        (document("auto"), "250 2.0.0 Ok: queued as 4F1"),
        (document("auto"), EXCHANGE.format(OWN)),
        (document("auto"), EXCHANGE.format(OWN.upper())),
        (document("auto"), "250 OK <none>"),
        (document("auto", host="ec2-192-0-2-7.compute.amazonaws.com"), None),
        (document("auto", host="email-smtp.eu-west-1.amazonaws.com", transport="builtin"), None),
    ],
)
def test_nothing_is_said_without_need(settings: dict[str, Any], response: str | None) -> None:
    assert advice_on_tracking(settings, message_id=OWN, response=response) == []


def test_test_and_save_gives_the_advice() -> None:
    memory = SettingsInMemory()
    mailbox = {"host": "imap.corp.test", "username": "replies", "password": "secret"}
    given = {
        "notifications": {"from": {"address": "noreply@corp.test"}},
        "interactions": {
            "enabled": True, "reply_to": "replies@corp.test", "receiver": "imap", "imap": mailbox,
            "intent_tracking": "message_id",
        },
    }  # fmt: skip
    saved = memory.editor.save(given, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert ["sub" in sentence for sentence in saved.advice] == [True]
    given["interactions"]["intent_tracking"] = "subaddress"
    assert memory.editor.save(given, options=EmailTestOptions(), if_match=None, principal=ADMIN).advice == []
