"""The settings' use case: what is saved, what is sent, who is told about what, and that no secret is ever shown."""

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
from catalog_mail.domain.settings.document import TLS, Deployment, ImapServer, Transport
from catalog_mail.domain.settings.validation import Change
from catalog_mail.ports.settings import StoredSecret
from catalog_mail.services.email_settings import Trying
from helpers.service.settings_memory import ADMIN, POSTFIX, PROVIDER, Desk
from hypothesis import given, settings
from hypothesis import strategies as st

UNTRIED = Trying(wanted=False)
# The snowman stands in secrets and nowhere else.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\u2603")
SECRETS = st.text(CHARACTERS, min_size=1, max_size=30).map(lambda text: f"\u2603{text}\u2603")
PEMS = SECRETS.map(lambda text: f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
HOSTS = st.sampled_from(["smtp.corp.test", "mail", "192.0.2.7", "2001:db8::7", "[2001:DB8::8]"])
LINES = st.text(CHARACTERS, min_size=1, max_size=20)
ADDRESSES = st.sampled_from(["noreply@corp.test", "a.b+c@xn--mnchen-3ya.test", "X@y"])


def some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A part of a document with any of these."""
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
    """The settings above with another value."""
    document = copy.deepcopy(SMTP)
    part: Any = document
    *sections, name = path.split(".")
    for section in sections:
        part = part.setdefault(section, {})
    part[name] = value
    return document


def outcome(action: Callable[[], list[Change]]) -> list[Change] | str:
    """The changes, or why it was refused."""
    try:
        return action()
    except InputRefused as refusal:
        return str(refusal)


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_what_was_saved_read_and_put_back_changes_nothing(document: dict[str, Any]) -> None:
    desk = Desk()
    desk.settings.save(document, trying=UNTRIED, if_match=None, principal=ADMIN)
    before = desk.store.stored
    for returned in (desk.settings.read().document, json.loads(json.dumps(desk.settings.read().document)), document):
        assert desk.settings.plan(returned) == []
        assert desk.settings.save(returned, trying=UNTRIED, if_match=None, principal=ADMIN).changes == []
    assert desk.store.stored == before


@given(DOCUMENTS, DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_no_secret_is_shown_anywhere(first: dict[str, Any], second: dict[str, Any]) -> None:
    desk = Desk()
    shown: list[Any] = []
    for document in (first, second):
        try:
            shown.append(desk.settings.plan(document))
            shown.append(desk.settings.save(document, trying=Trying(), if_match=None, principal=ADMIN))
        except CatalogMailError as error:
            shown += [error, repr(error), error.cause, error.remedy]
        shown += [desk.settings.read(), desk.settings.sending(), desk.audit.kept, desk.store.stored]
    lines = "".join(map(repr, shown)) + "".join(map(str, shown)) + json.dumps([dict(e.detail) for e in desk.audit.kept])
    assert "\u2603" not in lines
    assert "\\u2603" not in lines
    assert not [message for _, message, _, _ in desk.senders.sent if "\u2603".encode() in message]


@given(DOCUMENTS, DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_a_plan_is_what_saving_does_and_writes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    desk = Desk()
    desk.settings.save(first, trying=UNTRIED, if_match=None, principal=ADMIN)
    before, heard = desk.store.stored, len(desk.audit.kept)
    planned = outcome(lambda: desk.settings.plan(second))
    assert (desk.store.stored, len(desk.audit.kept), desk.senders.sent) == (before, heard, [])
    saved = outcome(lambda: desk.settings.save(second, trying=UNTRIED, if_match=None, principal=ADMIN).changes)
    assert saved == planned
    changed = bool(planned) and not isinstance(planned, str)
    assert desk.store.stored.revision == before.revision + changed


def test_the_test_message_goes_out_with_the_candidate_settings_and_everything_stays_closed() -> None:
    desk = Desk()
    saved = desk.settings.save(SMTP, trying=Trying(), if_match=None, principal=ADMIN)
    [(used, message, envelope_from, envelope_to)] = desk.senders.sent
    assert (used.transport, used.server.host, used.server.password) == (Transport.SMTP, "smtp.corp.test", "\u2603hunter2")
    assert (envelope_from, envelope_to) == ("noreply@corp.test", "admin@corp.test")
    assert saved.tested
    assert (saved.tested.recipient, saved.tested.evidence.response) == ("admin@corp.test", "250 2.0.0 Ok")
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed["Message-ID"] == saved.tested.message_id
    assert desk.senders.open == 0


def test_a_test_message_is_a_proper_mail() -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=Trying(recipient="alice@corp.test"), if_match=None, principal=ADMIN)
    [(_, message, _, _)] = desk.senders.sent
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
    desk = Desk()
    desk.settings.save(with_("notifications.from.display_name", name), trying=Trying(), if_match=None, principal=ADMIN)
    [(_, message, _, _)] = desk.senders.sent
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed.defects == []
    [sender] = parsed["From"].addresses
    assert sender.addr_spec == "noreply@corp.test"
    assert message.isascii()


@pytest.mark.parametrize(
    ("change", "asked", "sends"),
    [
        (with_("notifications.smtp.timeout", 10), Trying(), True),
        (with_("notifications.smtp.timeout", 10), UNTRIED, False),
        (SMTP, Trying(), True),  # nothing changes: the test is all that was asked for
        (SMTP, UNTRIED, False),
        (with_("notifications.enabled", False), Trying(), False),
        (with_("interactions.sync_interval", 60), Trying(), False),
        # Playbooks name a recipient every time: the switch works while the mail server does not.
        (with_("notifications.enabled", False), Trying(recipient="alice@corp.test"), False),
    ],
)
def test_when_a_test_message_goes_out(change: dict[str, Any], asked: Trying, sends: bool) -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN)
    saved = desk.settings.save(change, trying=asked, if_match=None, principal=ADMIN)
    assert (len(desk.senders.sent), saved.tested is not None) == (int(sends), sends)


def replying(**imap: Any) -> dict[str, Any]:
    """The settings above with replies on."""
    server = {"host": "imap.corp.test", "username": "replies", "password": "hunter3", **imap}
    return {**copy.deepcopy(SMTP), "interactions": {"enabled": True, "reply_to": "replies@corp.test", "imap": server}}


def and_(document: dict[str, Any], **interactions: Any) -> dict[str, Any]:
    return {**document, "interactions": {**document["interactions"], **interactions}}


@pytest.mark.parametrize("deployment", list(Deployment))
@pytest.mark.parametrize(
    ("change", "asked", "opens"),
    [
        (replying(host="imap2.corp.test"), Trying(), True),
        (replying(password="hunter4"), Trying(), True),
        (replying(mailbox="Replies"), Trying(), True),
        (replying(archive_mailbox="Old"), Trying(), True),
        (replying(ca_file="/etc/ca.pem"), Trying(), True),
        (replying(host="imap2.corp.test"), UNTRIED, False),
        (replying(), Trying(), True),  # nothing changes: the test is all that was asked for
        (replying(), UNTRIED, False),
        (and_(replying(), sync_interval=60), Trying(), False),
        (and_(replying(), reply_to="answers@corp.test"), Trying(), False),
        (and_(replying(), archive={"keep_days": 7}), Trying(), False),
        (and_(replying(host="imap2.corp.test"), enabled=False), Trying(), False),
        (and_(replying(), enabled=False), Trying(), False),
    ],
)
def test_when_the_mailbox_is_opened(change: dict[str, Any], asked: Trying, opens: bool, deployment: Deployment) -> None:
    def shown(document: dict[str, Any]) -> dict[str, Any]:
        if deployment is Deployment.ON_PREMISES:
            return document
        return {**document, "notifications": {"enabled": document["notifications"]["enabled"]}}

    desk = Desk(deployment)
    desk.settings.save(shown(replying()), trying=UNTRIED, if_match=None, principal=ADMIN)
    saved = desk.settings.save(shown(change), trying=asked, if_match=None, principal=ADMIN)
    assert (len(desk.mailboxes.probed), saved.tested_mailbox is not None) == (int(opens), opens)
    if opens:
        imap = change["interactions"]["imap"]
        probed = desk.mailboxes.probed[0]
        assert (probed.host, probed.username, probed.password) == (imap["host"], "replies", imap["password"])
        assert (probed.mailbox, probed.ca_file) == (imap.get("mailbox", "INBOX"), imap.get("ca_file"))


def test_a_mailbox_that_does_not_open_keeps_everything_as_it_was_and_is_recorded_without_its_password() -> None:
    desk = Desk()
    failure = Failure(Cause.LOGIN_REFUSED, "It was refused.", "Check it.", temporary=False, field="interactions.imap.password")
    desk.mailboxes.failure = MailboxFailed(failure)
    with pytest.raises(MailboxFailed):
        desk.settings.save(replying(), trying=Trying(), if_match=None, principal=ADMIN)
    assert desk.store.stored.revision == 0
    assert desk.senders.sent == []  # no message about settings that are not saved
    entry = desk.audit.kept[-1]
    assert (entry.outcome, entry.detail["code"], entry.detail["field"]) == ("refused", "login-refused", failure.field)
    assert "hunter3" not in str(entry)


def test_a_kept_password_opens_the_mailbox_too() -> None:
    desk = Desk()
    desk.settings.save(replying(), trying=UNTRIED, if_match=None, principal=ADMIN)
    kept = replying(mailbox="Replies")
    del kept["interactions"]["imap"]["password"]
    saved = desk.settings.save(kept, trying=Trying(), if_match=None, principal=ADMIN)
    assert desk.mailboxes.probed[0].password == "hunter3"
    assert saved.tested_mailbox is not None
    assert desk.audit.kept[-1].detail["tested_mailbox"] == "imap.corp.test:993"


def test_receiving_is_what_was_saved_or_nothing() -> None:
    desk = Desk()
    assert desk.settings.receiving() is None
    document = and_(replying(ca_file="/etc/ca.pem"), authserv_id="mx.corp.test")
    desk.settings.save(document, trying=UNTRIED, if_match=None, principal=ADMIN)
    receiving = desk.settings.receiving()
    assert receiving is not None
    assert receiving.server == ImapServer(
        "imap.corp.test", 993, TLS.IMPLICIT, "replies", "hunter3", "INBOX", "Archive", "/etc/ca.pem"
    )
    assert (receiving.reply_to, receiving.authserv_id, receiving.archive.keep_days) == ("replies@corp.test", "mx.corp.test", 30)
    assert "hunter3" not in repr(receiving)
    desk.store.stored.secrets["interactions.imap.password"] = StoredSecret(None, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(NotConfigured) as lost:
        desk.node().receiving()
    assert lost.value.field == "interactions.imap.password"


def test_a_test_message_needs_somebody_to_go_to() -> None:
    desk = Desk()
    nobody = Principal("nobody", Role.SERVER_ADMIN)
    with pytest.raises(InputRefused) as refusal:
        desk.settings.save(SMTP, trying=Trying(), if_match=None, principal=nobody)
    assert refusal.value.field == "test.recipient"
    assert desk.store.stored.revision == 0
    assert desk.settings.save(SMTP, trying=Trying(recipient="alice@corp.test"), if_match=None, principal=nobody).tested
    with pytest.raises(InputRefused):
        desk.settings.save(SMTP, trying=Trying(recipient="a@b\r\nBcc: c@d"), if_match=None, principal=ADMIN)


@pytest.mark.parametrize("transport", ["builtin", "smtp"])
def test_a_test_message_needs_somebody_to_come_from(transport: str) -> None:
    desk = Desk()
    nameless = {"notifications": {**SMTP["notifications"], "transport": transport, "enabled": False, "from": {}}}
    with pytest.raises(InputRefused) as refusal:
        desk.settings.save(nameless, trying=Trying(), if_match=None, principal=ADMIN)
    assert refusal.value.field == "notifications.from.address"
    assert desk.settings.save(nameless, trying=UNTRIED, if_match=None, principal=ADMIN).view.revision == 1
    with pytest.raises(NotConfigured):
        desk.settings.sending()


@pytest.mark.parametrize("recipient", ["nobody", "a@b\r\nBcc: c@d", "\ud800@b"])
def test_a_recipient_is_named_by_the_field_that_it_came_in(recipient: str) -> None:
    desk = Desk()
    with pytest.raises(InputRefused) as refusal:
        desk.settings.test(SMTP, recipient=recipient, principal=ADMIN)
    assert refusal.value.field == "recipient"
    with pytest.raises(InputRefused) as refusal:
        desk.settings.save(SMTP, trying=Trying(recipient=recipient), if_match=None, principal=ADMIN)
    assert refusal.value.field == "test.recipient"
    assert (desk.senders.sent, desk.store.stored.revision) == ([], 0)


def test_a_refused_attempt_of_megabytes_leaves_a_short_record() -> None:
    desk = Desk()
    for document in ({"x" * 10**6: 1}, with_("notifications.from.address", "\u00e9" * 10**6)):
        with pytest.raises(InputRefused):
            desk.settings.save(document, trying=Trying(), if_match=None, principal=ADMIN)
    cloud = Desk(Deployment.CLOUD)
    with pytest.raises(ManagedByProvider):
        cloud.settings.save({"notifications": {"x\0" * 10**6: 1}}, trying=Trying(), if_match=None, principal=ADMIN)
    for entry in (*desk.audit.kept, *cloud.audit.kept):
        written = json.dumps(dict(entry.detail))
        assert len(written) < 8000
        assert "\\u0000" not in written  # which PostgreSQL does not store as text


def test_a_change_is_recorded_with_who_when_and_what() -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=Trying(), if_match=None, principal=ADMIN)
    [entry] = desk.audit.kept
    assert (entry.actor, entry.outcome, entry.at) == ("ansible", "saved", desk.store.stored.changed_at)
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
    desk = Desk()
    with pytest.raises(error):
        desk.settings.save(document, trying=Trying(), if_match=if_match, principal=ADMIN)
    [entry] = desk.audit.kept
    assert (entry.actor, entry.outcome, entry.detail["code"]) == ("ansible", "refused", code)
    assert (desk.store.stored.revision, desk.senders.sent) == (0, [])


def test_the_revision_read_protects_what_somebody_else_has_saved() -> None:
    desk = Desk()
    saved = desk.settings.save(SMTP, trying=UNTRIED, if_match=0, principal=ADMIN)
    assert saved.view.revision == 1
    with pytest.raises(PreconditionFailed):
        desk.settings.save(with_("notifications.smtp.timeout", 5), trying=UNTRIED, if_match=0, principal=ADMIN)
    again = desk.settings.save(with_("notifications.smtp.timeout", 5), trying=UNTRIED, if_match=1, principal=ADMIN)
    assert again.view.revision == 2


@pytest.mark.parametrize(("if_match", "error"), [(1, PreconditionFailed), (None, Conflict)])
def test_a_save_that_another_overtakes_during_its_test_is_refused(if_match: int | None, error: type[CatalogMailError]) -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN)
    other, probe = desk.node(), desk.senders.probe

    def overtaken(settings: Any) -> Any:
        other.save(with_("notifications.smtp.timeout", 5), trying=UNTRIED, if_match=None, principal=ADMIN)
        return probe(settings)

    desk.senders.probe = overtaken  # type: ignore[method-assign]
    with pytest.raises(error):
        desk.settings.save(with_("notifications.smtp.timeout", 7), trying=Trying(), if_match=if_match, principal=ADMIN)
    assert desk.store.stored.document["notifications"]["smtp"]["timeout"] == 5
    assert desk.audit.kept[-1].outcome == "refused"


def test_how_to_send_is_read_once_until_somebody_saves_on_whichever_node() -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN)
    other = desk.node()
    assert {other.sending().server.timeout for _ in range(5)} == {30}
    loads = desk.store.loads
    assert [other.sending().server.timeout, other.switched_on()] == [30, True]
    assert desk.store.loads == loads
    desk.settings.save(with_("notifications.smtp.timeout", 5), trying=UNTRIED, if_match=None, principal=ADMIN)
    assert other.sending().server.timeout == 5


def test_before_anything_was_saved_nothing_is_sent() -> None:
    desk = Desk()
    assert not desk.settings.configured()
    assert not desk.settings.switched_on()
    with pytest.raises(NotConfigured) as refusal:
        desk.settings.sending()
    assert refusal.value.field == "notifications.from.address"
    view = desk.settings.read()
    assert (view.revision, view.changed_at, view.changed_by) == (0, None, None)
    assert view.document["notifications"]["enabled"] is False


def test_a_password_whose_key_was_lost_is_told_as_the_cause() -> None:
    desk = Desk()
    desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN)
    stored = desk.store.stored
    lost = {path: StoredSecret(None, secret.changed_at) for path, secret in stored.secrets.items()}
    desk.store.stored = type(stored)(stored.revision, stored.document, lost, stored.changed_at, stored.changed_by)
    with pytest.raises(NotConfigured, match="decrypted") as refusal:
        desk.settings.sending()
    assert refusal.value.field == PASSWORD
    assert desk.settings.read().document["notifications"]["smtp"]["password"]["present"] is True
    assert desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN).changes != []
    assert desk.settings.sending().server.password == "\u2603hunter2"


def test_the_hosts_own_mail_server_is_the_installations() -> None:
    desk = Desk()
    desk.settings.save(with_("notifications.transport", "builtin"), trying=UNTRIED, if_match=None, principal=ADMIN)
    sending = desk.settings.sending()
    assert (sending.server, sending.from_address) == (POSTFIX, "noreply@corp.test")


def test_in_the_cloud_edition_mail_goes_the_providers_way() -> None:
    desk = Desk(Deployment.CLOUD)
    sending = desk.settings.sending()
    assert (sending.server, sending.server.tls, (sending.from_address, sending.display_name)) == (POSTFIX, TLS.NONE, PROVIDER)
    assert list(desk.settings.read().document["notifications"]) == ["enabled"]
    with pytest.raises(ManagedByProvider):
        desk.settings.save(SMTP, trying=Trying(), if_match=None, principal=ADMIN)
    assert (desk.store.stored.revision, desk.audit.kept[-1].detail["code"]) == (0, "managed-by-provider")
    for enabled in (False, True):
        document = {"notifications": {"enabled": enabled}, "interactions": {"sync_interval": 60 + enabled}}
        saved = desk.settings.save(document, trying=Trying(), if_match=None, principal=ADMIN)
        assert saved.view.document["notifications"] == {"enabled": enabled}
        assert desk.settings.switched_on() is enabled
        assert desk.settings.plan(desk.settings.read().document) == []
    assert desk.senders.sent == []
    assert desk.settings.test(None, recipient=None, principal=ADMIN).recipient == "admin@corp.test"


def test_a_test_alone_saves_nothing_and_uses_what_was_given_or_what_is_in_force() -> None:
    desk = Desk()
    with pytest.raises(NotConfigured):
        desk.settings.test(None, recipient=None, principal=ADMIN)
    desk.settings.test(SMTP, recipient="alice@corp.test", principal=ADMIN)
    assert desk.store.stored.revision == 0
    desk.settings.save(SMTP, trying=UNTRIED, if_match=None, principal=ADMIN)
    desk.settings.test(None, recipient=None, principal=ADMIN)
    assert [(used.server.password, to) for used, _, _, to in desk.senders.sent] == [
        ("\u2603hunter2", "alice@corp.test"),
        ("\u2603hunter2", "admin@corp.test"),
    ]
    elsewhere = with_("notifications.smtp.host", "evil.test")
    elsewhere["notifications"]["smtp"].pop("password")
    with pytest.raises(InputRefused) as refusal:
        desk.settings.test(elsewhere, recipient=None, principal=ADMIN)
    assert refusal.value.field == PASSWORD
    assert [entry.outcome for entry in desk.audit.kept] == ["refused", "sent", "saved", "sent", "refused"]
