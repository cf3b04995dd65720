# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consistent and inconsistent settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from catalog_mail.domain.errors import InputRefused, ManagedByProvider
from catalog_mail.domain.settings.changes import secret_updates
from catalog_mail.domain.settings.document import Deployment
from catalog_mail.domain.settings.reading import DESTINATIONS, read
from catalog_mail.domain.settings.validation import check, check_deployment
from helpers.service.settings_documents import (
    APP,
    BY_MICROSOFT,
    FULL,
    MICROSOFT_REPLIES,
    PASSWORD,
    PEM,
    REPLIES,
    SENDER,
    SMTP,
    STORED,
    at,
    merged,
)


def refused(
    given: Mapping[str, Any], secrets: Mapping[str, str | None] | None = None, before: Mapping[str, Any] = FULL
) -> list[str]:
    """Return the fields at fault in these settings."""
    try:
        check(read(given), secrets or {}, read(before).document, Deployment.ON_PREMISES)
    except InputRefused as refusal:
        return [error.field or "" for error in refusal.errors or (refusal,)]
    return []


@pytest.mark.parametrize(
    "given",
    [
        merged(SENDER, at("notifications.enabled", True)),
        at("notifications.enabled", False),
        merged(SMTP, at(PASSWORD, "new")),
        merged(SMTP, at("notifications.smtp.username", None)),
        merged(SMTP, at(PASSWORD, "new"), REPLIES),
        merged(SENDER, at("notifications.enabled", True), MICROSOFT_REPLIES),
        BY_MICROSOFT,
        merged(BY_MICROSOFT, at("notifications.from.address", "other@corp.test"), MICROSOFT_REPLIES),
        merged(BY_MICROSOFT, at(f"{APP}.client_secret", None), at(f"{APP}.certificate", PEM)),
        merged(BY_MICROSOFT, at(f"{APP}.tenant_id", "corp.onmicrosoft.com")),
        merged(BY_MICROSOFT, at(f"{APP}.client_id", "5c0e7a5e-0000-4000-8000-000000000001")),
        merged(SENDER, MICROSOFT_REPLIES, at("interactions.authserv_id", "exchange_online")),
        merged(SENDER, MICROSOFT_REPLIES, at("interactions", {"enabled": False, "authserv_id": "mx.corp.test"})),
        merged(SENDER, REPLIES, at("interactions.authserv_id", "mx.corp.test")),
    ],
)
def test_consistent_settings(given: dict[str, Any]) -> None:
    assert refused(given) == []


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (at("notifications.enabled", True), ["notifications.from.address"]),
        (
            at("notifications.transport", "microsoft"),
            [f"{APP}.email_address", f"{APP}.tenant_id", f"{APP}.client_id", f"{APP}.client_secret"],
        ),
        (merged(BY_MICROSOFT, at("notifications.from.display_name", "Catalog")), ["notifications.from.display_name"]),
        (merged(BY_MICROSOFT, at(f"{APP}.client_secret", None)), [f"{APP}.client_secret"]),
        (merged(BY_MICROSOFT, at(f"{APP}.tenant_id", "t/../x")), [f"{APP}.tenant_id"]),
        (merged(BY_MICROSOFT, at(f"{APP}.tenant_id", "Common")), [f"{APP}.tenant_id"]),
        (merged(BY_MICROSOFT, at(f"{APP}.client_id", "c d")), [f"{APP}.client_id"]),
        (merged(SMTP, at("notifications.smtp.host", None), at("notifications.smtp.username", None)), ["notifications.smtp.host"]),
        (merged(SMTP, at("notifications.smtp.host", None), at(PASSWORD, "new")), ["notifications.smtp.host"]),
        (SMTP, [PASSWORD]),
        (merged(SMTP, at(PASSWORD, None)), [PASSWORD]),
        (merged(SMTP, at(PASSWORD, {"present": True})), [PASSWORD]),
        (merged(SMTP, at("notifications.smtp.username", None), at(PASSWORD, "new")), ["notifications.smtp.username"]),
        (merged(SENDER, at("notifications.smtp", {"username": "app", "password": "new"})), ["notifications.smtp.host"]),
        (merged(SENDER, at("notifications.microsoft.client_secret", "new")), ["notifications.microsoft.tenant_id"]),
        (merged(SENDER, at("interactions.imap", {"username": "a", "password": "new"})), ["interactions.imap.host"]),
        (merged(SENDER, REPLIES, at("notifications.enabled", False)), ["interactions.enabled"]),
        (merged(SENDER, REPLIES, at("interactions.reply_to", None)), ["interactions.reply_to"]),
        (merged(SENDER, REPLIES, at("interactions.imap.archive_mailbox", "inbox")), ["interactions.imap.archive_mailbox"]),
        (merged(SENDER, REPLIES, at("interactions.imap.password", None)), ["interactions.imap.password"]),
        (
            merged(SENDER, at("interactions.enabled", True)),
            ["interactions.reply_to", "interactions.imap.host", "interactions.imap.username"],
        ),
        (
            merged(SENDER, at("interactions", {"enabled": True, "receiver": "microsoft"})),
            [
                "interactions.reply_to", "interactions.microsoft.tenant_id", "interactions.microsoft.client_id",
                "interactions.microsoft.client_secret",
            ],
        ),
        (merged(SENDER, MICROSOFT_REPLIES, at("interactions.authserv_id", "mx.corp.test")), ["interactions.authserv_id"]),
        (merged(SENDER, REPLIES, at("interactions.authserv_id", "exchange_online")), ["interactions.authserv_id"]),
        (merged(SENDER, REPLIES, at("interactions.authserv_id", "Exchange_Online")), ["interactions.authserv_id"]),
        (
            merged(SENDER, at("interactions", {"receiver": "microsoft", "intent_tracking": "subaddress"})),
            ["interactions.intent_tracking"],
        ),
    ],
)
def test_inconsistent_settings(given: dict[str, Any], fields: list[str]) -> None:
    assert refused(merged(at("notifications.enabled", True), given)) == fields


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (merged(BY_MICROSOFT, at(f"{APP}.tenant_id", "corp.onmicrosoft.com ")), f"{APP}.tenant_id", "ends with a blank"),
        (merged(BY_MICROSOFT, at(f"{APP}.client_id", "5c0e7a5e\u00a0")), f"{APP}.client_id", "ends with a non-breaking space"),
        (merged(BY_MICROSOFT, at(f"{APP}.client_secret", "new\n")), f"{APP}.client_secret", "ends with a line end"),
        (merged(SMTP, at(PASSWORD, "new\r\n")), PASSWORD, "ends with a line end"),
        (merged(SMTP, at("notifications.smtp.username", "app "), at(PASSWORD, "new")), "notifications.smtp.username", "a blank"),
        (merged(SENDER, REPLIES, at("interactions.imap.password", "new\n")), "interactions.imap.password", "a line end"),
    ],
)
def test_a_small_flaw_of_a_value_in_use_is_named(given: dict[str, Any], field: str, words: str) -> None:
    wanted = merged(at("notifications.enabled", True), given)
    assert refused(wanted) == [field]
    with pytest.raises(InputRefused) as refusal:
        check(read(wanted), {}, {}, Deployment.ON_PREMISES)
    assert words in refusal.value.cause
    assert "new" not in refusal.value.cause + refusal.value.remedy


OTHER = {
    "host": "evil.test",
    "port": 2525,
    "tls": "none",
    "username": "somebody",
    "ca_file": "/home/somebody/ca.pem",
    "tenant_id": "other",
    "client_id": "other",
    "cloud": "china",
}


def test_the_destination_of_each_secret() -> None:
    app = ("tenant_id", "client_id", "cloud")
    assert DESTINATIONS == {
        PASSWORD: ("host", "port", "tls", "username", "ca_file"),
        "notifications.microsoft.client_secret": app,
        "notifications.microsoft.certificate": app,
        "interactions.imap.password": ("host", "port", "tls", "username", "ca_file"),
        "interactions.microsoft.client_secret": app,
        "interactions.microsoft.certificate": app,
    }


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in DESTINATIONS.items() for name in names])
@pytest.mark.parametrize("how", [{}, {"present": True}, {"present": False}])
def test_a_stored_secret_is_not_sent_elsewhere(path: str, name: str, how: dict[str, Any]) -> None:
    section = path.rpartition(".")[0]
    elsewhere = merged(FULL, at(f"{section}.{name}", OTHER[name]), at(path, how) if how else {})
    # Each secret of that destination is named: an app registration may have two.
    assert path in refused(elsewhere, STORED)
    assert all(field.startswith(f"{section}.") for field in refused(elsewhere, STORED))


@pytest.mark.parametrize("path", DESTINATIONS)
def test_another_destination_needs_a_new_secret_or_none(path: str) -> None:
    section = path.rpartition(".")[0]
    first = DESTINATIONS[path][0]
    elsewhere = merged(FULL, at(f"{section}.{first}", OTHER[first]))
    assert path not in refused(merged(elsewhere, at(path, PEM)), STORED)
    if path != PASSWORD:
        assert path not in refused(merged(elsewhere, at(path, None)), STORED)


@pytest.mark.parametrize("path", ["notifications.smtp.timeout", "notifications.from.address", "interactions.imap.mailbox"])
def test_other_settings_keep_the_secrets(path: str) -> None:
    value: Any = 10 if path.endswith("timeout") else "other@corp.test"
    given = merged(FULL, at(path, value))
    assert refused(given, STORED) == []
    assert secret_updates(read(given), STORED) == {}


def test_the_same_destination_in_another_spelling_is_the_same() -> None:
    before = merged(FULL, at("notifications.smtp.host", "2001:db8::7"))
    again = merged(FULL, at("notifications.smtp.host", "[2001:DB8::7]"))
    assert refused(again, STORED, before) == []


def test_a_kept_secret_goes_with_its_destination() -> None:
    without = merged(FULL, at("notifications.smtp", {"host": None, "username": None}), at("notifications.transport", "builtin"))
    assert refused(without, STORED) == []
    assert secret_updates(read(without), STORED) == {PASSWORD: None}


def test_an_undecryptable_secret_is_requested_when_needed() -> None:
    lost = {PASSWORD: None}
    assert refused(FULL, lost) == [PASSWORD]
    assert refused(merged(FULL, at(PASSWORD, "again")), lost) == []
    assert secret_updates(read(merged(FULL, at(PASSWORD, "again"))), lost) == {PASSWORD: "again"}
    assert refused(merged(FULL, at("notifications.transport", "builtin")), lost) == []


@pytest.mark.parametrize(
    "given",
    [
        {"transport": "builtin"},
        {"from": {}},
        {"from": {"address": "noreply@corp.test"}},
        {"smtp": {"host": "smtp.corp.test"}},
        {"microsoft": {"tenant_id": "t"}},
        {"enabled": True, "smtp": {"password": "hunter2"}},
    ],
)
def test_in_the_cloud_edition_sending_cannot_change(given: dict[str, Any]) -> None:
    with pytest.raises(ManagedByProvider) as refusal:
        check_deployment({"notifications": given}, Deployment.CLOUD)
    assert refusal.value.field == f"notifications.{list(given)[-1]}"
    assert "hunter2" not in str(refusal.value)
    check_deployment({"notifications": given}, Deployment.ON_PREMISES)


@pytest.mark.parametrize("enabled", [True, False])
def test_in_the_cloud_edition_switch_and_replies_can_change(enabled: bool) -> None:
    given = merged(at("notifications.enabled", True), REPLIES, at("interactions.enabled", enabled), at("deployment", "cloud"))
    check_deployment(given, Deployment.CLOUD)
    check(read(given), {}, read({}).document, Deployment.CLOUD)  # and no sender address is required
    switched_off = merged(given, at("notifications.enabled", False))
    check(read(switched_off), {}, read({}).document, Deployment.CLOUD)


@pytest.mark.parametrize("here", list(Deployment))
def test_the_deployment_is_not_changed_by_the_settings(here: Deployment) -> None:
    other = next(deployment for deployment in Deployment if deployment is not here)
    check_deployment({"deployment": here.value}, here)
    for wanted in (other.value, "moon", 5, []):
        with pytest.raises(InputRefused) as refusal:
            check_deployment({"deployment": wanted}, here)
        assert refusal.value.field == "deployment"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (merged(SENDER, REPLIES, at("interactions.authserv_id", "mx.corp.test ")), "interactions.authserv_id"),
        (merged(SENDER, REPLIES, at("interactions.imap.mailbox", "INBOX ")), "interactions.imap.mailbox"),
        (merged(SENDER, REPLIES, at("interactions.imap.archive_mailbox", "Archive\u200b")), "interactions.imap.archive_mailbox"),
        (merged(BY_MICROSOFT, at(f"{APP}.client_secret", "x8Q~secret ")), f"{APP}.client_secret"),
    ],
)
def test_a_copied_blank_is_refused_with_its_field(given: Mapping[str, Any], field: str) -> None:
    assert refused(given) == [field]


@pytest.mark.parametrize("name", ["tenant_id", "client_id"])
@pytest.mark.parametrize("around", ["{%s}", '"%s"', "<%s>", "%s.", "(%s)"])
def test_marks_around_an_id_are_named(name: str, around: str) -> None:
    guid = "5C0E7A5E-0000-4000-8000-000000000001"
    with pytest.raises(InputRefused) as refusal:
        check(read(merged(BY_MICROSOFT, at(f"{APP}.{name}", around % guid))), {}, read(FULL).document, Deployment.ON_PREMISES)
    assert refusal.value.field == f"{APP}.{name}"
    assert refusal.value.remedy.startswith(f"Write {guid}. ")
    assert refused(merged(BY_MICROSOFT, at(f"{APP}.{name}", guid))) == []
