# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings' use case: saves, test messages, the audit log, and no secret in any output."""

from __future__ import annotations

import copy
import email
import email.policy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import (
    CatalogMailError,
    Conflict,
    InputRefused,
    ManagedByProvider,
    NotConfigured,
    PreconditionFailed,
)
from catalog_mail.domain.failures.failure import Cause, Failure, MailboxFailed
from catalog_mail.domain.settings.changes import Change
from catalog_mail.domain.settings.document import TLS, Deployment, Transport
from catalog_mail.domain.settings.servers import ImapServer
from catalog_mail.ports.settings import StoredSecret
from catalog_mail.services.settings_editor import EmailTestOptions
from helpers.service.settings_bodies import with_value
from helpers.service.settings_memory import ADMIN, POSTFIX, PROVIDER, SettingsInMemory
from hypothesis import given, settings
from hypothesis import strategies as st

NO_TEST = EmailTestOptions(wanted=False)
# Only secrets contain the snowman.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\u2603")
SECRETS = st.text(CHARACTERS, min_size=1, max_size=30).map(lambda text: f"\u2603{text}\u2603")
PEMS = SECRETS.map(lambda text: f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
HOSTS = st.sampled_from(["smtp.corp.test", "mail", "192.0.2.7", "2001:db8::7", "[2001:DB8::8]"])
LINES = st.text(CHARACTERS, min_size=1, max_size=20)
ADDRESSES = st.sampled_from(["noreply@corp.test", "a.b+c@xn--mnchen-3ya.test", "X@y"])


def some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Match a document that contains these values."""
    return st.fixed_dictionaries({}, optional=values)


LOGIN = st.fixed_dictionaries({"host": HOSTS, "username": LINES, "password": SECRETS})
APP = {"tenant_id": LINES, "client_id": LINES}
CLOUDS = st.sampled_from(["global", "china"])
APPS = st.fixed_dictionaries(APP, optional={"client_secret": SECRETS, "certificate": PEMS, "cloud": CLOUDS})
DOCUMENTS = st.fixed_dictionaries(
    {
        "notifications": st.fixed_dictionaries(
            {
                "enabled": st.booleans(),
                "transport": st.just("builtin"),
                "from": st.fixed_dictionaries({"address": ADDRESSES}, optional={"display_name": LINES}),
            },
            optional={"smtp": LOGIN, "microsoft": APPS},
        )
    },
    optional={
        "interactions": some(
            reply_to=ADDRESSES,
            imap=LOGIN,
            microsoft=APPS,
            receiver=st.sampled_from(["imap", "microsoft"]),
            sync_interval=st.integers(10, 86400),
            archive=some(enabled=st.booleans(), keep_days=st.integers(1, 3650), on_calendar=st.just("weekly")),
        )
    },
)
SMTP = {
    "notifications": {
        "enabled": True,
        "transport": "smtp",
        "from": {"address": "noreply@corp.test", "display_name": "Data Catalog"},
        "smtp": {"host": "smtp.corp.test", "username": "app", "password": "\u2603hunter2"},
    }
}
PASSWORD = "notifications.smtp.password"


def with_(path: str, value: Any) -> dict[str, Any]:
    """Return the settings above with another value."""
    return with_value(SMTP, path, value)


def outcome(action: Callable[[], list[Change]]) -> list[Change] | str:
    """Return the changes, or the reason of the refusal."""
    try:
        return action()
    except InputRefused as refusal:
        return str(refusal)


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_saving_the_settings_read_changes_nothing(document: dict[str, Any]) -> None:
    memory = SettingsInMemory()
    memory.editor.save(document, options=NO_TEST, if_match=None, principal=ADMIN)
    before = memory.store.stored
    for returned in (memory.settings.read().document, json.loads(json.dumps(memory.settings.read().document)), document):
        assert memory.editor.plan(returned) == []
        assert memory.editor.save(returned, options=NO_TEST, if_match=None, principal=ADMIN).changes == []
    assert memory.store.stored == before


@given(DOCUMENTS, DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_no_secret_is_shown_anywhere(first: dict[str, Any], second: dict[str, Any]) -> None:
    memory = SettingsInMemory()
    shown: list[Any] = []
    for document in (first, second):
        try:
            shown.append(memory.editor.plan(document))
            shown.append(memory.editor.save(document, options=EmailTestOptions(), if_match=None, principal=ADMIN))
        except CatalogMailError as error:
            shown += [error, repr(error), error.cause, error.remedy]
        shown += [memory.settings.read(), memory.settings.sending(), memory.audit.kept, memory.store.stored]
    lines = "".join(map(repr, shown)) + "".join(map(str, shown)) + json.dumps([dict(e.detail) for e in memory.audit.kept])
    assert "\u2603" not in lines
    assert "\\u2603" not in lines
    assert not [message for _, message, _, _ in memory.senders.sent if "\u2603".encode() in message]


@given(DOCUMENTS, DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_a_plan_equals_a_save_and_writes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    memory = SettingsInMemory()
    memory.editor.save(first, options=NO_TEST, if_match=None, principal=ADMIN)
    before, heard = memory.store.stored, len(memory.audit.kept)
    planned = outcome(lambda: memory.editor.plan(second))
    assert (memory.store.stored, len(memory.audit.kept), memory.senders.sent) == (before, heard, [])
    saved = outcome(lambda: memory.editor.save(second, options=NO_TEST, if_match=None, principal=ADMIN).changes)
    assert saved == planned
    changed = bool(planned) and not isinstance(planned, str)
    assert memory.store.stored.revision == before.revision + changed


def test_the_test_message_uses_the_candidate_settings() -> None:
    memory = SettingsInMemory()
    saved = memory.editor.save(SMTP, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    [(used, message, envelope_from, envelope_to)] = memory.senders.sent
    assert (used.transport, used.server.host, used.server.password) == (Transport.SMTP, "smtp.corp.test", "\u2603hunter2")
    assert (envelope_from, envelope_to) == ("noreply@corp.test", "admin@corp.test")
    assert saved.email_test
    assert (saved.email_test.recipient, saved.email_test.evidence.response) == ("admin@corp.test", "250 2.0.0 Ok")
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed["Message-ID"] == saved.email_test.message_id
    assert memory.senders.open == 0


def test_a_test_message_is_a_proper_mail() -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=EmailTestOptions(recipient="alice@corp.test"), if_match=None, principal=ADMIN)
    [(_, message, _, _)] = memory.senders.sent
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed.defects == []
    [sender] = parsed["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Data Catalog", "noreply@corp.test")
    assert parsed["To"] == "alice@corp.test"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert "Data Catalog" in parsed["Subject"]
    assert parsed["Message-ID"].endswith("@corp.test>")
    assert parsed["Date"].datetime.tzinfo is not None
    assert parsed["MIME-Version"] == "1.0"
    assert "smtp.corp.test" in parsed.get_content()
    assert b"\n" not in message.replace(b"\r\n", b"")


@pytest.mark.parametrize("name", ['"; rm', "M\u00fcller, Data <x@y>", "=?utf-8?q?x?=", "\u202eevil", "a" * 200])
def test_no_display_name_breaks_the_test_message(name: str) -> None:
    memory = SettingsInMemory()
    named = with_("notifications.from.display_name", name)
    memory.editor.save(named, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    [(_, message, _, _)] = memory.senders.sent
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed.defects == []
    [sender] = parsed["From"].addresses
    assert sender.addr_spec == "noreply@corp.test"
    assert message.isascii()


@pytest.mark.parametrize(
    ("change", "asked", "sends"),
    [
        (with_("notifications.smtp.timeout", 10), EmailTestOptions(), True),
        (with_("notifications.smtp.timeout", 10), NO_TEST, False),
        (SMTP, EmailTestOptions(), True),  # without a change only the test was requested
        (SMTP, NO_TEST, False),
        (with_("notifications.enabled", False), EmailTestOptions(), False),
        (with_("interactions.sync_interval", 60), EmailTestOptions(), False),
        # Playbooks always name a recipient: the switch works while the mail server does not.
        (with_("notifications.enabled", False), EmailTestOptions(recipient="alice@corp.test"), False),
    ],
)
def test_when_a_test_message_goes_out(change: dict[str, Any], asked: EmailTestOptions, sends: bool) -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN)
    saved = memory.editor.save(change, options=asked, if_match=None, principal=ADMIN)
    assert (len(memory.senders.sent), saved.email_test is not None) == (int(sends), sends)


def replying(**imap: Any) -> dict[str, Any]:
    """Return the settings above with replies on."""
    server = {"host": "imap.corp.test", "username": "replies", "password": "hunter3", **imap}
    return {**copy.deepcopy(SMTP), "interactions": {"enabled": True, "reply_to": "replies@corp.test", "imap": server}}


def and_(document: dict[str, Any], **interactions: Any) -> dict[str, Any]:
    return {**document, "interactions": {**document["interactions"], **interactions}}


@pytest.mark.parametrize("deployment", list(Deployment))
@pytest.mark.parametrize(
    ("change", "asked", "opens"),
    [
        (replying(host="imap2.corp.test"), EmailTestOptions(), True),
        (replying(password="hunter4"), EmailTestOptions(), True),
        (replying(mailbox="Replies"), EmailTestOptions(), True),
        (replying(archive_mailbox="Old"), EmailTestOptions(), True),
        (replying(ca_file="/etc/ca.pem"), EmailTestOptions(), True),
        (replying(host="imap2.corp.test"), NO_TEST, False),
        (replying(), EmailTestOptions(), True),  # without a change only the test was requested
        (replying(), NO_TEST, False),
        (and_(replying(), sync_interval=60), EmailTestOptions(), False),
        (and_(replying(), reply_to="answers@corp.test"), EmailTestOptions(), False),
        (and_(replying(), archive={"keep_days": 7}), EmailTestOptions(), False),
        (and_(replying(host="imap2.corp.test"), enabled=False), EmailTestOptions(), False),
        (and_(replying(), enabled=False), EmailTestOptions(), False),
    ],
)
def test_when_the_mailbox_is_opened(change: dict[str, Any], asked: EmailTestOptions, opens: bool, deployment: Deployment) -> None:
    def shown(document: dict[str, Any]) -> dict[str, Any]:
        if deployment is Deployment.ON_PREMISES:
            return document
        return {**document, "notifications": {"enabled": document["notifications"]["enabled"]}}

    memory = SettingsInMemory(deployment)
    memory.editor.save(shown(replying()), options=NO_TEST, if_match=None, principal=ADMIN)
    saved = memory.editor.save(shown(change), options=asked, if_match=None, principal=ADMIN)
    assert (len(memory.mailboxes.checked), saved.mailbox_evidence is not None) == (int(opens), opens)
    if opens:
        imap = change["interactions"]["imap"]
        checked = memory.mailboxes.checked[0]
        assert (checked.host, checked.username, checked.password) == (imap["host"], "replies", imap["password"])
        assert (checked.mailbox, checked.ca_file) == (imap.get("mailbox", "INBOX"), imap.get("ca_file"))


def test_an_unreachable_mailbox_changes_nothing() -> None:
    memory = SettingsInMemory()
    failure = Failure(Cause.LOGIN_REFUSED, "It was refused.", "Check it.", temporary=False, field="interactions.imap.password")
    memory.mailboxes.failure = MailboxFailed(failure)
    with pytest.raises(MailboxFailed):
        memory.editor.save(replying(), options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert memory.store.stored.revision == 0
    assert memory.senders.sent == []  # no test message for settings that are not saved
    entry = memory.audit.kept[-1]
    assert (entry.outcome, entry.detail["code"], entry.detail["field"]) == ("refused", "login-refused", failure.field)
    assert "hunter3" not in str(entry)


def test_a_stored_password_opens_the_mailbox_too() -> None:
    memory = SettingsInMemory()
    memory.editor.save(replying(), options=NO_TEST, if_match=None, principal=ADMIN)
    kept = replying(mailbox="Replies")
    del kept["interactions"]["imap"]["password"]
    saved = memory.editor.save(kept, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert memory.mailboxes.checked[0].password == "hunter3"
    assert saved.mailbox_evidence is not None
    assert memory.audit.kept[-1].detail["tested_mailbox"] == "imap.corp.test:993"


def test_receiving_settings_are_the_saved_ones_or_none() -> None:
    memory = SettingsInMemory()
    assert memory.settings.receiving() is None
    document = and_(replying(ca_file="/etc/ca.pem"), authserv_id="mx.corp.test")
    memory.editor.save(document, options=NO_TEST, if_match=None, principal=ADMIN)
    receiving = memory.settings.receiving()
    assert receiving is not None
    assert receiving.server == ImapServer(
        "imap.corp.test", 993, TLS.IMPLICIT, "replies", "hunter3", "INBOX", "Archive", "/etc/ca.pem"
    )
    assert (receiving.reply_to, receiving.authserv_id, receiving.archive.keep_days) == ("replies@corp.test", "mx.corp.test", 30)
    assert "hunter3" not in repr(receiving)
    memory.store.stored.secrets["interactions.imap.password"] = StoredSecret(None, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(NotConfigured) as lost:
        memory.node().settings.receiving()
    assert lost.value.field == "interactions.imap.password"


def test_a_test_message_needs_a_recipient() -> None:
    memory = SettingsInMemory()
    nobody = Principal("nobody", Role.SERVER_ADMIN)
    with pytest.raises(InputRefused) as refusal:
        memory.editor.save(SMTP, options=EmailTestOptions(), if_match=None, principal=nobody)
    assert refusal.value.field == "test.recipient"
    assert memory.store.stored.revision == 0
    to_alice = EmailTestOptions(recipient="alice@corp.test")
    assert memory.editor.save(SMTP, options=to_alice, if_match=None, principal=nobody).email_test
    with pytest.raises(InputRefused):
        memory.editor.save(SMTP, options=EmailTestOptions(recipient="a@b\r\nBcc: c@d"), if_match=None, principal=ADMIN)


@pytest.mark.parametrize("transport", ["builtin", "smtp"])
def test_a_test_message_needs_a_sender(transport: str) -> None:
    memory = SettingsInMemory()
    nameless = {"notifications": {**SMTP["notifications"], "transport": transport, "enabled": False, "from": {}}}
    with pytest.raises(InputRefused) as refusal:
        memory.editor.save(nameless, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert refusal.value.field == "notifications.from.address"
    assert memory.editor.save(nameless, options=NO_TEST, if_match=None, principal=ADMIN).view.revision == 1
    with pytest.raises(NotConfigured):
        memory.settings.sending()


@pytest.mark.parametrize("recipient", ["nobody", "a@b\r\nBcc: c@d", "\ud800@b"])
def test_an_invalid_recipient_is_named_by_its_field(recipient: str) -> None:
    memory = SettingsInMemory()
    with pytest.raises(InputRefused) as refusal:
        memory.editor.send_email_test(SMTP, recipient=recipient, principal=ADMIN)
    assert refusal.value.field == "recipient"
    with pytest.raises(InputRefused) as refusal:
        memory.editor.save(SMTP, options=EmailTestOptions(recipient=recipient), if_match=None, principal=ADMIN)
    assert refusal.value.field == "test.recipient"
    assert (memory.senders.sent, memory.store.stored.revision) == ([], 0)


def test_a_refused_attempt_of_megabytes_leaves_a_short_record() -> None:
    memory = SettingsInMemory()
    for document in ({"x" * 10**6: 1}, with_("notifications.from.address", "\u00e9" * 10**6)):
        with pytest.raises(InputRefused):
            memory.editor.save(document, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    cloud = SettingsInMemory(Deployment.CLOUD)
    with pytest.raises(ManagedByProvider):
        cloud.editor.save({"notifications": {"x\0" * 10**6: 1}}, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    for entry in (*memory.audit.kept, *cloud.audit.kept):
        written = json.dumps(dict(entry.detail))
        assert len(written) < 8000
        assert "\\u0000" not in written  # PostgreSQL cannot store it as text


def test_a_change_is_recorded_with_user_time_and_values() -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    [entry] = memory.audit.kept
    assert (entry.actor, entry.outcome, entry.at) == ("ansible", "saved", memory.store.stored.changed_at)
    assert {"path": "notifications.smtp.host", "before": None, "after": "smtp.corp.test"} in entry.detail["changes"]
    assert {"path": PASSWORD, "before": "absent", "after": "changed"} in entry.detail["changes"]
    assert entry.detail["tested"] == "admin@corp.test"


@pytest.mark.parametrize(
    ("document", "if_match", "error", "code"),
    [
        (with_("notifications.smtp.port", 0), None, InputRefused, "invalid-input"),
        (with_("notifications.transport", "microsoft"), None, InputRefused, "invalid-input"),
        (SMTP, 7, PreconditionFailed, "precondition-failed"),
        (with_("deployment", "cloud"), None, InputRefused, "invalid-input"),
    ],
)
def test_a_refused_attempt_is_recorded_and_changes_nothing(
    document: dict[str, Any], if_match: int | None, error: type[CatalogMailError], code: str
) -> None:
    memory = SettingsInMemory()
    with pytest.raises(error):
        memory.editor.save(document, options=EmailTestOptions(), if_match=if_match, principal=ADMIN)
    [entry] = memory.audit.kept
    assert (entry.actor, entry.outcome, entry.detail["code"]) == ("ansible", "refused", code)
    assert (memory.store.stored.revision, memory.senders.sent) == (0, [])


def test_a_revision_protects_anothers_save() -> None:
    memory = SettingsInMemory()
    saved = memory.editor.save(SMTP, options=NO_TEST, if_match=0, principal=ADMIN)
    assert saved.view.revision == 1
    with pytest.raises(PreconditionFailed):
        memory.editor.save(with_("notifications.smtp.timeout", 5), options=NO_TEST, if_match=0, principal=ADMIN)
    again = memory.editor.save(with_("notifications.smtp.timeout", 5), options=NO_TEST, if_match=1, principal=ADMIN)
    assert again.view.revision == 2


@pytest.mark.parametrize(("if_match", "error"), [(1, PreconditionFailed), (None, Conflict)])
def test_a_save_overtaken_during_its_test_is_refused(if_match: int | None, error: type[CatalogMailError]) -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN)
    other, make_sender = memory.node(), memory.senders.make_email_test_sender

    def overtaken(settings: Any) -> Any:
        other.save(with_("notifications.smtp.timeout", 5), options=NO_TEST, if_match=None, principal=ADMIN)
        return make_sender(settings)

    memory.senders.make_email_test_sender = overtaken  # type: ignore[method-assign]
    change = with_("notifications.smtp.timeout", 7)
    with pytest.raises(error):
        memory.editor.save(change, options=EmailTestOptions(), if_match=if_match, principal=ADMIN)
    assert memory.store.stored.document["notifications"]["smtp"]["timeout"] == 5
    assert memory.audit.kept[-1].outcome == "refused"


def test_sending_settings_are_cached_until_the_next_save() -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN)
    other = memory.node().settings
    assert {other.sending().server.timeout for _ in range(5)} == {30}
    loads = memory.store.loads
    assert [other.sending().server.timeout, other.switched_on()] == [30, True]
    assert memory.store.loads == loads
    memory.editor.save(with_("notifications.smtp.timeout", 5), options=NO_TEST, if_match=None, principal=ADMIN)
    assert other.sending().server.timeout == 5


def test_no_mail_is_sent_before_the_first_save() -> None:
    memory = SettingsInMemory()
    assert not memory.settings.configured()
    assert not memory.settings.switched_on()
    with pytest.raises(NotConfigured) as refusal:
        memory.settings.sending()
    assert refusal.value.field == "notifications.from.address"
    view = memory.settings.read()
    assert (view.revision, view.changed_at, view.changed_by) == (0, None, None)
    assert view.document["notifications"]["enabled"] is False


def test_a_password_with_a_lost_key_is_the_cause() -> None:
    memory = SettingsInMemory()
    memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN)
    stored = memory.store.stored
    lost = {path: StoredSecret(None, secret.changed_at) for path, secret in stored.secrets.items()}
    memory.store.stored = type(stored)(stored.revision, stored.document, lost, stored.changed_at, stored.changed_by)
    with pytest.raises(NotConfigured, match="decrypted") as refusal:
        memory.settings.sending()
    assert refusal.value.field == PASSWORD
    assert memory.settings.read().document["notifications"]["smtp"]["password"]["present"] is True
    assert memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN).changes != []
    assert memory.settings.sending().server.password == "\u2603hunter2"


def test_the_installation_sets_the_hosts_mail_server() -> None:
    memory = SettingsInMemory()
    memory.editor.save(with_("notifications.transport", "builtin"), options=NO_TEST, if_match=None, principal=ADMIN)
    sending = memory.settings.sending()
    assert (sending.server, sending.from_address) == (POSTFIX, "noreply@corp.test")


def test_in_the_cloud_edition_the_provider_sends() -> None:
    memory = SettingsInMemory(Deployment.CLOUD)
    sending = memory.settings.sending()
    assert (sending.server, sending.server.tls, (sending.from_address, sending.display_name)) == (POSTFIX, TLS.NONE, PROVIDER)
    assert list(memory.settings.read().document["notifications"]) == ["enabled"]
    with pytest.raises(ManagedByProvider):
        memory.editor.save(SMTP, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert (memory.store.stored.revision, memory.audit.kept[-1].detail["code"]) == (0, "managed-by-provider")
    for enabled in (False, True):
        document = {"notifications": {"enabled": enabled}, "interactions": {"sync_interval": 60 + enabled}}
        saved = memory.editor.save(document, options=EmailTestOptions(), if_match=None, principal=ADMIN)
        assert saved.view.document["notifications"] == {"enabled": enabled}
        assert memory.settings.switched_on() is enabled
        assert memory.editor.plan(memory.settings.read().document) == []
    assert memory.senders.sent == []
    assert memory.editor.send_email_test(None, recipient=None, principal=ADMIN).recipient == "admin@corp.test"


def test_a_test_uses_given_or_saved_settings() -> None:
    memory = SettingsInMemory()
    with pytest.raises(NotConfigured):
        memory.editor.send_email_test(None, recipient=None, principal=ADMIN)
    memory.editor.send_email_test(SMTP, recipient="alice@corp.test", principal=ADMIN)
    assert memory.store.stored.revision == 0
    memory.editor.save(SMTP, options=NO_TEST, if_match=None, principal=ADMIN)
    memory.editor.send_email_test(None, recipient=None, principal=ADMIN)
    assert [(used.server.password, to) for used, _, _, to in memory.senders.sent] == [
        ("\u2603hunter2", "alice@corp.test"),
        ("\u2603hunter2", "admin@corp.test"),
    ]
    elsewhere = with_("notifications.smtp.host", "evil.test")
    elsewhere["notifications"]["smtp"].pop("password")
    with pytest.raises(InputRefused) as refusal:
        memory.editor.send_email_test(elsewhere, recipient=None, principal=ADMIN)
    assert refusal.value.field == PASSWORD
    assert [entry.outcome for entry in memory.audit.kept] == ["refused", "sent", "saved", "sent", "refused"]
