# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to candidate settings: every error names its field, and secrets are kept apart."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.reading import DESTINATIONS, Given, Kept, Removed, paths, read, value_at

PEM = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return a document with one value set."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


def test_omitted_settings_have_their_default() -> None:
    assert dict(paths({**read({}).document, "notifications": {**read({}).document["notifications"], "enabled": None}})) == {
        "notifications.enabled": None,  # its default depends on the receiver, tested below
        "notifications.transport": "builtin",
        "notifications.bounce_to": "sender",
        "notifications.from.address": None,
        "notifications.from.display_name": "",
        "notifications.smtp.host": None,
        "notifications.smtp.port": 587,
        "notifications.smtp.tls": "starttls",
        "notifications.smtp.username": None,
        "notifications.smtp.timeout": 30,
        "notifications.smtp.ca_file": None,
        "notifications.microsoft.email_address": None,
        "notifications.microsoft.tenant_id": None,
        "notifications.microsoft.client_id": None,
        "notifications.microsoft.client_secret_key_id": None,
        "notifications.microsoft.client_secret_expires_at": None,
        "notifications.microsoft.cloud": "global",
        "notifications.microsoft.mailbox_user": None,
        "interactions.enabled": False,
        "interactions.reply_to": None,
        "interactions.receiver": "imap",
        "interactions.imap.host": None,
        "interactions.imap.port": 993,
        "interactions.imap.tls": "implicit",
        "interactions.imap.username": None,
        "interactions.imap.mailbox": "INBOX",
        "interactions.imap.archive_mailbox": "Archive",
        "interactions.microsoft.tenant_id": None,
        "interactions.microsoft.client_id": None,
        "interactions.microsoft.client_secret_key_id": None,
        "interactions.microsoft.client_secret_expires_at": None,
        "interactions.microsoft.cloud": "global",
        "interactions.microsoft.mailbox_user": None,
        "interactions.intent_tracking": "auto",
        "interactions.sync_interval": 180,
        "interactions.quick_look": 10,
        "interactions.archive.enabled": True,
        "interactions.archive.on_calendar": "Sun 02:00",
        "interactions.archive.keep_days": 30,
        "interactions.authserv_id": None,
        "interactions.imap.ca_file": None,
    }


def test_the_receiver_decides_other_defaults() -> None:
    microsoft = read(nested("interactions.receiver", "microsoft"))
    assert microsoft.value("interactions.archive.enabled") is False
    assert microsoft.value("interactions.intent_tracking") == "message_id"
    said = read({"interactions": {"receiver": "microsoft", "archive": {"enabled": True}}})
    assert said.value("interactions.archive.enabled") is True
    assert read(nested("interactions.archive.enabled", False)).value("interactions.archive.enabled") is False


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("notifications.enabled", "yes"),
        ("notifications.enabled", 1),
        ("notifications.enabled", None),
        ("notifications.transport", "sendmail"),
        ("notifications.transport", ["smtp"]),
        ("notifications.from.address", "nobody"),
        ("notifications.from.address", "a..b@corp.test"),
        ("notifications.from.display_name", "a\nb"),
        ("notifications.from.display_name", None),
        ("notifications.smtp.host", "a b"),
        ("notifications.smtp.host", ""),
        ("notifications.smtp.port", 0),
        ("notifications.smtp.port", 65536),
        ("notifications.smtp.port", "587"),
        ("notifications.smtp.port", 587.5),
        ("notifications.smtp.port", True),
        ("notifications.smtp.port", 10**400),
        ("notifications.smtp.tls", "ssl"),
        ("notifications.smtp.username", ""),
        ("notifications.smtp.username", "a\0b"),
        ("notifications.smtp.username", "\ud800"),
        ("notifications.smtp.username", "x" * 201),
        ("notifications.smtp.timeout", 0),
        ("notifications.smtp.timeout", 301),
        ("notifications.smtp.timeout", float("nan")),
        ("notifications.smtp.ca_file", "ca.pem"),
        ("notifications.smtp.hosts", "smtp.example.com"),
        ("notifications.sender", {"address": "noreply@example.com"}),
        ("notifications.microsoft.cloud", "mars"),
        *((f"{section}.microsoft.mailbox_user", value) for section in ("notifications", "interactions") for value in (
            "", "catalog", "@corp.test", "a b@corp.test", "a@b@corp.test", "a/b@corp.test", "a\r\n@corp.test",
            "{11111111-2222-3333-4444-555555555555}", "11111111-2222-3333-4444")),
        ("notifications.microsoft.client_secret_key_id", ""),
        ("notifications.microsoft.client_secret_expires_at", "tomorrow"),
        ("interactions.reply_to", "nobody"),
        ("interactions.receiver", "pop3"),
        ("interactions.imap.mailbox", ""),
        ("interactions.imap.mailbox", "INBOX\r\nA1 LOGOUT"),
        ("interactions.imap.archive_mailbox", "a\0b"),
        ("interactions.imap.username", "a\r\nb"),
        ("interactions.imap.ca_file", "ca.pem"),
        ("interactions.imap.ca_file", "/etc/ca\n.pem"),
        ("interactions.authserv_id", ""),
        ("interactions.authserv_id", "mx.corp.test; dmarc=pass"),
        ("interactions.authserv_id", "mx\r\nX: y"),
        ("interactions.intent_tracking", "guess"),
        ("interactions.sync_interval", 9),
        *(("interactions.quick_look", value) for value in (-1, 1, 4, 3601, 10.5, "10", None, True)),
        ("interactions.archive.on_calendar", "`id`"),
        ("interactions.archive.keep_days", 0),
        ("interactions", None),
        ("notifications", "on"),
        ("nonsense", 1),
        ("deployment", "moon"),
        *((path, value) for path in DESTINATIONS for value in ("", "hunter2\0", "\ud800hunter2")),
    ],
)
def test_an_error_names_its_field_cause_and_remedy(path: str, value: Any) -> None:
    with pytest.raises(InputRefused) as refusal:
        read(nested(path, value))
    assert refusal.value.field == path
    assert refusal.value.cause.endswith(".")
    assert refusal.value.remedy.endswith(".")
    assert refusal.value.errors == ()
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("path", DESTINATIONS)
@pytest.mark.parametrize("value", [5, True, ["hunter2"], {"present": "hunter2"}, {"value": "hunter2"}, {"present": True, "x": 1}])
def test_a_secret_of_a_wrong_type_is_not_repeated(path: str, value: Any) -> None:
    with pytest.raises(InputRefused) as refusal:
        read(nested(path, value))
    told = [refusal.value, *refusal.value.errors]
    assert {error.field for error in told if error.field == path} == {path}
    assert "hunter2" not in "".join(map(str, told))


def test_several_errors_are_reported_at_once() -> None:
    with pytest.raises(InputRefused) as refusal:
        read({"notifications": {"smtp": {"port": 0, "tls": "ssl"}}, "nonsense": 1})
    assert [error.field for error in refusal.value.errors] == ["notifications.smtp.port", "notifications.smtp.tls", "nonsense"]
    assert refusal.value.field == "notifications.smtp.port"


@pytest.mark.parametrize("path", DESTINATIONS)
def test_the_update_of_a_secret(path: str) -> None:
    assert read({}).secrets[path] == Kept()
    for as_it_was_read in (
        {"present": True},
        {"present": False},
        {"present": False, "changed_at": None},
        {"present": True, "changed_at": "2026-03-01T12:00:00+00:00"},
    ):
        assert read(nested(path, as_it_was_read)).secrets[path] == Kept()
    assert read(nested(path, None)).secrets[path] == Removed()
    assert read(nested(path, PEM)).secrets[path] == Given(PEM)


@pytest.mark.parametrize("path", DESTINATIONS)
def test_a_secret_is_kept_apart_and_never_shown(path: str) -> None:
    candidate = read(nested(path, PEM))
    assert value_at(candidate.document, path) is None
    assert not [name for name, _ in paths(candidate.document) if name in DESTINATIONS]
    assert "hunter2" not in repr(candidate)


def test_read_only_fields_are_accepted_and_ignored() -> None:
    returned = {"deployment": "cloud", "changed_at": "2026-03-01T12:00:00Z", "changed_by": "ansible"}
    assert read(returned).document == read({}).document


def test_empty_documents_and_sections_are_the_defaults() -> None:
    parts = {"notifications": {"from": {}, "smtp": {}, "microsoft": {}}, "interactions": {"imap": {}, "archive": {}}}
    assert read(parts).document == read({}).document


@pytest.mark.parametrize("user", [
    "svc-catalog@contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555", "jane_corp.test#EXT#@contoso.onmicrosoft.com",
    "o'hara@corp.test",
])  # fmt: skip
def test_a_user_of_a_mailbox_is_named_by_either_of_its_keys(user: str) -> None:
    read_it = read(nested("interactions.microsoft.mailbox_user", user))
    assert read_it.value("interactions.microsoft.mailbox_user") == user
