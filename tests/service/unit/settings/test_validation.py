"""Which settings fit together, which do not, and what a change is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from catalog_mail.domain.errors import InputRefused, ManagedByProvider
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import TLS, Deployment, GraphServer, Receiver, SmtpServer, Transport
from catalog_mail.domain.settings.reading import DESTINATIONS, read
from catalog_mail.domain.settings.validation import (
    Change,
    after,
    changes,
    check,
    check_deployment,
    concerns_receiving,
    concerns_sending,
    fates,
    receiving_settings,
    sending_settings,
)

PASSWORD = "notifications.smtp.password"
PEM = "-----BEGIN PRIVATE KEY-----\nold\n-----END PRIVATE KEY-----\n"


def merged(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """One document of several; the later ones decide."""
    result: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            result[name] = merged(result.get(name) or {}, value) if isinstance(value, Mapping) else value
    return result


def at(path: str, value: Any) -> dict[str, Any]:
    """A document with one value in it."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


SENDER = at("notifications.from.address", "noreply@corp.test")
SMTP = merged(
    SENDER,
    at("notifications.transport", "smtp"),
    at("notifications.enabled", True),
    at("notifications.smtp", {"host": "smtp.corp.test", "username": "app"}),
)
REPLIES = {
    "interactions": {
        "enabled": True,
        "reply_to": "replies@corp.test",
        "imap": {"host": "imap.corp.test", "username": "replies", "password": "old"},
    }
}
MICROSOFT_REPLIES = {
    "interactions": {
        "enabled": True,
        "reply_to": "replies@corp.test",
        "receiver": "microsoft",
        "microsoft": {"tenant_id": "t", "client_id": "c", "client_secret": "old"},
    }
}
APP = "notifications.microsoft"
BY_MICROSOFT = merged(
    at("notifications.transport", "microsoft"),
    at(APP, {"email_address": "catalog@corp.test", "tenant_id": "t", "client_id": "c", "client_secret": "old"}),
)
# Everything that a secret belongs to is set.
FULL = merged(
    SMTP,
    at("notifications.microsoft", {"tenant_id": "t", "client_id": "c"}),
    at("interactions.imap", {"host": "imap.corp.test", "username": "replies"}),
    at("interactions.microsoft", {"tenant_id": "t", "client_id": "c"}),
)
STORED = dict.fromkeys(DESTINATIONS, PEM)


def refused(
    given: Mapping[str, Any], secrets: Mapping[str, str | None] | None = None, before: Mapping[str, Any] = FULL
) -> list[str]:
    """The fields that stand against these settings."""
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
    ],
)
def test_settings_that_fit_together(given: dict[str, Any]) -> None:
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
        (
            merged(SENDER, at("interactions", {"receiver": "microsoft", "intent_tracking": "subaddress"})),
            ["interactions.intent_tracking"],
        ),
    ],
)
def test_settings_that_do_not_fit_together(given: dict[str, Any], fields: list[str]) -> None:
    assert refused(merged(at("notifications.enabled", True), given)) == fields


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


def test_what_the_destination_of_each_secret_is() -> None:
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
def test_a_stored_secret_goes_nowhere_that_it_was_not_given_for(path: str, name: str, how: dict[str, Any]) -> None:
    section = path.rpartition(".")[0]
    elsewhere = merged(FULL, at(f"{section}.{name}", OTHER[name]), at(path, how) if how else {})
    # Each secret of that destination is named: one app registration may have two.
    assert path in refused(elsewhere, STORED)
    assert all(field.startswith(f"{section}.") for field in refused(elsewhere, STORED))


@pytest.mark.parametrize("path", DESTINATIONS)
def test_another_destination_takes_a_new_secret_or_none(path: str) -> None:
    section = path.rpartition(".")[0]
    first = DESTINATIONS[path][0]
    elsewhere = merged(FULL, at(f"{section}.{first}", OTHER[first]))
    assert path not in refused(merged(elsewhere, at(path, PEM)), STORED)
    if path != PASSWORD:
        assert path not in refused(merged(elsewhere, at(path, None)), STORED)


@pytest.mark.parametrize("path", ["notifications.smtp.timeout", "notifications.from.address", "interactions.imap.mailbox"])
def test_what_is_no_destination_leaves_secrets_alone(path: str) -> None:
    value: Any = 10 if path.endswith("timeout") else "other@corp.test"
    given = merged(FULL, at(path, value))
    assert refused(given, STORED) == []
    assert fates(read(given), STORED) == {}


def test_the_same_destination_in_another_spelling_is_the_same() -> None:
    before = merged(FULL, at("notifications.smtp.host", "2001:db8::7"))
    again = merged(FULL, at("notifications.smtp.host", "[2001:DB8::7]"))
    assert refused(again, STORED, before) == []


def test_a_kept_secret_goes_with_its_destination() -> None:
    without = merged(FULL, at("notifications.smtp", {"host": None, "username": None}), at("notifications.transport", "builtin"))
    assert refused(without, STORED) == []
    assert fates(read(without), STORED) == {PASSWORD: None}


def test_a_secret_that_can_no_longer_be_decrypted_is_asked_for_where_it_is_needed() -> None:
    lost = {PASSWORD: None}
    assert refused(FULL, lost) == [PASSWORD]
    assert refused(merged(FULL, at(PASSWORD, "again")), lost) == []
    assert fates(read(merged(FULL, at(PASSWORD, "again"))), lost) == {PASSWORD: "again"}
    assert refused(merged(FULL, at("notifications.transport", "builtin")), lost) == []


@pytest.mark.parametrize(
    ("stored", "given", "expected", "left"),
    [
        ({}, {}, [], {}),
        ({}, at(PASSWORD, None), [], {}),
        ({}, at(PASSWORD, {"present": False}), [], {}),
        ({}, at(PASSWORD, "new"), [Change(PASSWORD, "absent", "changed")], {PASSWORD: "new"}),
        ({PASSWORD: "old"}, {}, [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, {"present": True}), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, {"present": False}), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, "old"), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, "new"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "new"}),
        ({PASSWORD: "old"}, at(PASSWORD, "ol"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "ol"}),
        ({PASSWORD: "\u00e4"}, at(PASSWORD, "\u00e4"), [], {PASSWORD: "\u00e4"}),
        ({PASSWORD: "old"}, at(PASSWORD, None), [Change(PASSWORD, "present", "removed")], {}),
        ({PASSWORD: None}, at(PASSWORD, None), [Change(PASSWORD, "present", "removed")], {}),
        ({PASSWORD: None}, at(PASSWORD, "old"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "old"}),
    ],
)
def test_what_becomes_of_a_secret_and_how_it_is_told(
    stored: dict[str, str | None], given: dict[str, Any], expected: list[Change], left: dict[str, str]
) -> None:
    candidate = read(merged(FULL, given))
    assert changes(candidate, stored, read(FULL).document) == expected
    assert after(candidate, stored) == left


def test_changes_are_told_by_path_with_both_values_in_the_documents_order() -> None:
    new = merged(FULL, at("interactions.sync_interval", 60), at("notifications.smtp", {"port": 465, "tls": "implicit"}))
    assert [change.plain() for change in changes(read(new), {}, read(FULL).document)] == [
        {"path": "notifications.smtp.port", "before": 587, "after": 465},
        {"path": "notifications.smtp.tls", "before": "starttls", "after": "implicit"},
        {"path": "interactions.sync_interval", "before": 180, "after": 60},
    ]


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        ("notifications.enabled", False),
        ("notifications.from.address", True),
        ("notifications.transport", True),
        (PASSWORD, True),
        ("interactions.enabled", False),
        ("interactions.imap.password", False),
    ],
)
def test_which_changes_a_test_message_tells_something_about(path: str, concerns: bool) -> None:
    assert concerns_sending(Change(path, None, None)) is concerns


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
def test_the_cloud_editions_provider_keeps_how_mail_is_sent(given: dict[str, Any]) -> None:
    with pytest.raises(ManagedByProvider) as refusal:
        check_deployment({"notifications": given}, Deployment.CLOUD)
    assert refusal.value.field == f"notifications.{list(given)[-1]}"
    assert "hunter2" not in str(refusal.value)
    check_deployment({"notifications": given}, Deployment.ON_PREMISES)


@pytest.mark.parametrize("enabled", [True, False])
def test_in_the_cloud_edition_the_switch_and_replies_are_the_customers(enabled: bool) -> None:
    given = merged(at("notifications.enabled", True), REPLIES, at("interactions.enabled", enabled), at("deployment", "cloud"))
    check_deployment(given, Deployment.CLOUD)
    check(read(given), {}, read({}).document, Deployment.CLOUD)  # and no address to send from is asked for
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


def test_what_sending_needs_of_a_document() -> None:
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


def test_what_sending_by_microsoft_needs_of_a_document() -> None:
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
def test_whose_sent_items_are_of_use_to_who_receives(changes: dict[str, Any], expected: str | None) -> None:
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
def test_the_cloud_decides_the_addresses_unless_the_deployment_does(
    cloud: str, access: MicrosoftAccess, expected: tuple[str, str]
) -> None:
    given = merged(MICROSOFT_REPLIES, at("interactions.microsoft.cloud", cloud))
    receiving = receiving_settings(read(given).document, {"interactions.microsoft.client_secret": "x"}, access)
    assert receiving.receiver is Receiver.MICROSOFT
    assert isinstance(receiving.server, GraphServer)
    assert (receiving.server.authority_url, receiving.server.graph_url) == expected
    assert receiving.server.mailbox == "replies@corp.test"
    assert not receiving.archive.enabled


@pytest.mark.parametrize(
    ("path", "imap", "microsoft"),
    [
        ("interactions.receiver", True, True),
        ("interactions.imap.host", True, False),
        ("interactions.microsoft.client_secret", False, True),
        ("interactions.reply_to", False, True),
        ("interactions.sync_interval", False, False),
    ],
)
def test_which_changes_open_the_mailbox(path: str, imap: bool, microsoft: bool) -> None:
    change = Change(path, None, "x")
    assert (concerns_receiving(change, Receiver.IMAP), concerns_receiving(change, Receiver.MICROSOFT)) == (imap, microsoft)
