# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of a valid settings document."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.connections import receiving_settings, sending_settings
from catalog_mail.domain.settings.document import TLS, Receiver, Transport
from catalog_mail.domain.settings.reading import read
from catalog_mail.domain.settings.servers import GraphServer, SmtpServer
from helpers.service.settings_documents import APP, BY_MICROSOFT, FULL, MICROSOFT_REPLIES, PASSWORD, at, merged


def test_settings_of_sending_by_smtp() -> None:
    builtin = SmtpServer("127.0.0.1", 25, TLS.NONE)
    given = merged(FULL, at("notifications.smtp.ca_file", "/etc/ca.pem"), at("notifications.from.display_name", "Data Catalog"))
    smtp = sending_settings(read(given).document, {PASSWORD: "hunter2"}, builtin, MicrosoftAccess())
    assert (smtp.transport, smtp.from_address, smtp.display_name) == (Transport.SMTP, "noreply@corp.test", "Data Catalog")
    assert smtp.server == SmtpServer("smtp.corp.test", 587, TLS.STARTTLS, "app", "hunter2", 30, "/etc/ca.pem")
    assert "hunter2" not in repr(smtp)
    given = merged(given, at("notifications.transport", "builtin"))
    local = sending_settings(read(given).document, {PASSWORD: "hunter2"}, builtin, MicrosoftAccess())
    assert local.server == builtin


def test_a_password_without_a_user_name_is_not_used() -> None:
    given = merged(FULL, at("notifications.smtp.username", None))
    builtin = SmtpServer("h", 25, TLS.NONE)
    settings = sending_settings(read(given).document, {PASSWORD: "hunter2"}, builtin, MicrosoftAccess())
    assert isinstance(settings.server, SmtpServer) and settings.server.password is None


def test_settings_of_sending_by_microsoft() -> None:
    builtin = SmtpServer("h", 25, TLS.NONE)
    secrets = {f"{APP}.client_secret": "hunter2"}
    sending = sending_settings(read(BY_MICROSOFT).document, secrets, builtin, MicrosoftAccess(ca_file="/etc/ca.pem"))
    assert (sending.from_address, sending.display_name) == ("catalog@corp.test", "")
    assert sending.server == GraphServer(
        "catalog@corp.test", "t", "c", "https://login.microsoftonline.com", "https://graph.microsoft.com", APP,
        client_secret="hunter2", ca_file="/etc/ca.pem",
    )  # fmt: skip
    assert "hunter2" not in repr(sending)
    other = merged(BY_MICROSOFT, at("notifications.from.address", "other@corp.test"))
    assert sending_settings(read(other).document, secrets, builtin, MicrosoftAccess()).from_address == "other@corp.test"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "catalog@corp.test"),
        ({"notifications.transport": "smtp"}, None),
        ({"interactions.receiver": "imap"}, None),
        ({"notifications.microsoft.tenant_id": "other", "notifications.microsoft.client_id": "another"}, None),
        ({"notifications.microsoft.tenant_id": "T", "notifications.microsoft.client_id": "another"}, "catalog@corp.test"),
        ({"notifications.microsoft.tenant_id": "corp.test"}, "catalog@corp.test"),
        ({"notifications.microsoft.tenant_id": "corp.test", "notifications.microsoft.client_id": "C"}, "catalog@corp.test"),
        ({"notifications.microsoft.cloud": "china"}, None),
        ({"notifications.microsoft.client_id": "another-registration"}, "catalog@corp.test"),
    ],
    ids=str,
)
def test_the_account_whose_sent_items_are_searched(changes: dict[str, Any], expected: str | None) -> None:
    given = merged(FULL, MICROSOFT_REPLIES, BY_MICROSOFT, *(at(path, value) for path, value in changes.items()))
    receiving = receiving_settings(read(given).document, {"interactions.microsoft.client_secret": "x"}, MicrosoftAccess())
    assert receiving.sent_from == expected


@pytest.mark.parametrize(
    ("cloud", "access", "expected"),
    [
        ("global", MicrosoftAccess(), ("https://login.microsoftonline.com", "https://graph.microsoft.com")),
        ("us_gov", MicrosoftAccess(), ("https://login.microsoftonline.us", "https://graph.microsoft.us")),
        ("us_gov_dod", MicrosoftAccess(), ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us")),
        ("china", MicrosoftAccess(), ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn")),
        ("china", MicrosoftAccess(graph_url="https://g"), ("https://login.chinacloudapi.cn", "https://g")),
        ("global", MicrosoftAccess("https://a", "https://g"), ("https://a", "https://g")),
    ],
)
def test_the_deployment_overrides_the_clouds_addresses(
    cloud: str, access: MicrosoftAccess, expected: tuple[str, str]
) -> None:
    given = merged(MICROSOFT_REPLIES, at("interactions.microsoft.cloud", cloud))
    receiving = receiving_settings(read(given).document, {"interactions.microsoft.client_secret": "x"}, access)
    assert receiving.receiver is Receiver.MICROSOFT
    assert isinstance(receiving.server, GraphServer)
    assert (receiving.server.authority_url, receiving.server.graph_url) == expected
    assert receiving.server.mailbox == "replies@corp.test"
    assert not receiving.archive.enabled
