# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of a running service: its servers fail for real, and each failure is a finding."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.notifications import insert_notification
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.reply_state import DatabaseReplyState
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.from_collection._diagnosis.catalogue import CATALOGUE
from catalog_mail.ports.replies import Handled
from catalog_mail.ports.reply_workers import WorkerReport
from helpers.dns_faults import ADDRESS, FAULTS
from helpers.name_server import NameServer
from helpers.service.certificates import Authority
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, free_port, started_service, through
from helpers.service.settings_bodies import imap_mailbox, interactions
from helpers.service.smtp_script import scripted_smtp
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

PASSWORD = "geheim-in-a-test"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run one service, whose settings each test saves."""
    with started_service(tmp_path_factory.mktemp("diagnosis")) as service:
        yield service


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def diagnose(service: RunningService) -> dict[str, dict[str, Any]]:
    """Return the findings by id; none has the password. The name server knows the sender's domain as faultless."""
    with NameServer(FAULTS["none"].zone) as names:
        answer = service.call("GET", f"/diagnosis?name_server={names.address}")
    assert answer.status_code == 200, answer.text
    assert PASSWORD not in answer.text
    findings = answer.json()["findings"]
    hints = [one for one in findings if one["id"] == "bounces-not-read"]
    assert len(hints) <= 1 and all(one["severity"] == "note" for one in hints)
    assert all(one["cause"] and one["remedy"] and one["look"] and one["source"] == "service" for one in findings)
    return {one["id"]: one for one in findings if one not in hints}


def smtp(service: RunningService, port: int, **server: Any) -> None:
    """Save settings that send through a server on the loopback."""
    settings = through(port)
    settings["notifications"]["smtp"].update({"username": None, "password": None, **server})
    saved = service.save(settings)
    assert saved.status_code == 200, saved.text


def refusing(_server: object, _session: object, _envelope: object, _mechanism: str, _data: object) -> AuthResult:
    return AuthResult(success=False, handled=False, message="535 5.7.8 Error: authentication failed")


@contextlib.contextmanager
def silent() -> Iterator[Any]:
    """Listen without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield type("Silent", (), {"port": listener.getsockname()[1]})


@contextlib.contextmanager
def nobody() -> Iterator[Any]:
    yield type("Nobody", (), {"port": free_port()})


def script(**replies: bytes) -> Callable[[Authority], AbstractContextManager[Any]]:
    return lambda _authority: scripted_smtp({name.replace("_", ""): reply for name, reply in replies.items()})


LOGIN = {"username": "app", "password": PASSWORD}
Server = Callable[[Authority], AbstractContextManager[Any]]


@pytest.mark.parametrize("finding, server, settings", [
    ("connection-refused", lambda _ca: nobody(), {}),
    ("timed-out", lambda _ca: silent(), {"timeout": 1}),
    ("name-not-found", lambda _ca: nobody(), {"host": "nohost.invalid"}),
    ("unreachable", lambda _ca: nobody(), {"host": "255.255.255.255"}),
    ("not-smtp", script(_=b"SSH-2.0-OpenSSH_9.2\r\n"), {}),
    ("connection-lost", script(EHLO=b"{close}"), {}),
    ("host-refused", script(_=b"554 5.7.1 Your address 192.0.2.1 is on the blocklist zen.test\r\n"), {}),
    ("tls-required", script(MAIL=b"530 5.7.0 Must issue a STARTTLS command first\r\n"), {}),
    ("login-required", script(MAIL=b"530 5.7.0 Authentication required\r\n"), {}),
    ("sender-refused", script(MAIL=b"553 5.7.1 <noreply@corp.test>: Sender address rejected: not owned by user app\r\n"), {}),
    ("greylisted", script(MAIL=b"451 4.7.1 Greylisting in action, please come back later\r\n"), {}),
    ("throttled", script(MAIL=b"452 4.5.3 Too many messages in this hour\r\n"), {}),
    ("other-smtp-answer", script(MAIL=b"599 What this means nobody knows\r\n"), {}),
    ("login-refused", lambda _ca: MailSink(authenticator=refusing, auth_required=True, auth_require_tls=False), LOGIN),
    ("account-blocked", script(EHLO=b"250-x\r\n250 AUTH PLAIN\r\n", AUTH=b"535 5.7.13 The account is disabled\r\n"), LOGIN),
    ("tls-not-offered", lambda _ca: MailSink(), {"tls": "starttls"}),
    ("tls-failed", lambda _ca: MailSink(), {"tls": "implicit"}),
    ("certificate-not-trusted", lambda ca: MailSink(tls_context=ca.server("127.0.0.1", days=90)), {"tls": "starttls"}),
    ("certificate-wrong-name", lambda ca: MailSink(tls_context=ca.server("mail.example.com", days=90)),
     {"tls": "starttls", "ca_file": True}),
    ("server-certificate-expires-soon", lambda ca: MailSink(tls_context=ca.server("127.0.0.1", days=3)),
     {"tls": "starttls", "ca_file": True}),
])  # fmt: skip
def test_a_fault_of_the_mail_server_is_found(
    running: RunningService, authority: Authority, finding: str, server: Server, settings: dict[str, Any]
):
    with server(authority) as started:
        given = {**settings, **({"ca_file": str(authority.file)} if "ca_file" in settings else {})}
        smtp(running, started.port, **given)
        found = diagnose(running)
    assert finding in found, found
    assert set(found) <= {finding, "disk-nearly-full"}, found


def test_a_good_server_gives_no_finding_and_gets_no_message(running: RunningService, authority: Authority):
    with MailSink(tls_context=authority.server("127.0.0.1", days=90)) as sink:
        smtp(running, sink.port, tls="starttls", ca_file=str(authority.file))
        assert set(diagnose(running)) <= {"disk-nearly-full"}
        assert sink.taken == []


def test_messages_given_up_are_told_by_their_cause(service: RunningService):
    refusals = {"RCPT": b"550 5.1.1 <bob@elsewhere.test>: Recipient address rejected: User unknown\r\n"}
    with scripted_smtp(refusals) as server:
        smtp(service, server.port)
        recipients = [{"address": f"user{number}@elsewhere.test"} for number in range(3)]
        body = {"kind": "message", "subject": "One", "text": "One.", "recipients": recipients}
        service.call("POST", "/notifications", body, role="catalog")
        found = wait_until(lambda: diagnose(service).get("recipient-refused"), lambda: str(diagnose(service)))
    assert found["severity"] == "error"
    assert any("given up since yesterday" in line for line in found["evidence"])


def test_relay_refusals_are_told(service: RunningService):
    with scripted_smtp({"RCPT": b"554 5.7.1 <bob@elsewhere.test>: Relay access denied\r\n"}) as server:
        smtp(service, server.port)
        body = {"kind": "message", "subject": "One", "text": "One.", "recipients": [{"address": "bob@elsewhere.test"}]}
        service.call("POST", "/notifications", body, role="catalog")
        found = wait_until(lambda: diagnose(service).get("relay-denied"), lambda: str(diagnose(service)))
    assert "Relay access denied" in " ".join([found["cause"], *found["evidence"]])


def test_faults_of_the_mailbox_and_of_replies_are_found(running: RunningService, dovecot: Dovecot, sink: MailSink):
    """One mailbox after the other: its certificate ends soon, its folder is missing, its password is wrong, nobody reads it."""
    user = dovecot.add_user()
    settings = through(sink.port)
    good = imap_mailbox(dovecot, user)
    for change, expected in (
        ({}, "server-certificate-expires-soon"),
        ({"tls": "starttls", "port": dovecot.imap}, "server-certificate-expires-soon"),
        ({"mailbox": "Nowhere"}, "mailbox-missing"),
        ({"password": PASSWORD}, "login-refused"),
        ({"port": sink.port, "tls": "none", "ca_file": None}, "not-imap"),
    ):
        saved = running.save({**settings, "interactions": interactions({**good, **change})})
        assert saved.status_code == 200, saved.text
        found = diagnose(running)
        assert {expected, "no-reader"} <= set(found), found
    saved = running.save({**settings, "interactions": interactions(good)})
    assert saved.status_code == 200, saved.text


def test_what_the_readers_of_the_mailbox_report_is_found(running: RunningService, dovecot: Dovecot, sink: MailSink):
    """The readers tell it by the database."""
    settings = {**through(sink.port), "interactions": interactions(imap_mailbox(dovecot, dovecot.add_user()))}
    assert running.save(settings).status_code == 200
    engine, now = make_engine(f"sqlite:///{running.database}"), datetime.now(UTC)
    day = timedelta(days=1)
    DatabaseReplies(engine).record(
        Place("a mailbox", "1"),
        [Handled("1", Disposition.REJECTED, "not_answerable", None), Handled("2", Disposition.QUARANTINED, "undecidable", None)],
        now,
    )
    workers = DatabaseReplyState(engine, SystemClock())
    report = WorkerReport(
        "node1", "0.2.0", "waiting", last_good_poll=now - day, backlog=9, oldest_unread=now - day, taken_by_others=3,
        foreign_intents=2, foreign_since=now - day, misplaced={"Junk": 4},
    )  # fmt: skip
    workers.report(report)
    found = diagnose(running)
    expected = {
        "not-answerable": 1, "put-aside": 1, "replies-waiting": 7, "taken-by-others": 3, "foreign-intents": 2, "misplaced": 4,
        "mailbox-not-read": None,
    }  # fmt: skip
    assert {one: found[one]["count"] for one in expected} == expected
    assert "'Junk'" in found["misplaced"]["cause"]
    failure = Failure(Cause.CATALOG_FAILED, "The catalog answered 500.", "Read its log.", temporary=True)
    workers.report(replace(report, error=failure, error_since=now))
    assert diagnose(running)["catalog-failed"]["cause"] == "The catalog answered 500."
    workers.forget(["node1"])


def test_an_expired_credential_is_found(running: RunningService, sink: MailSink):
    settings = through(sink.port)
    past = (datetime.now(UTC) - timedelta(days=3)).isoformat(timespec="seconds")
    settings["interactions"] = {
        "enabled": True, "receiver": "microsoft", "reply_to": "replies@corp.test", "intent_tracking": "message_id",
        "microsoft": {
            "tenant_id": "11111111-2222-4333-8444-555555555555", "client_id": "21111111-2222-4333-8444-555555555555",
            "client_secret": PASSWORD, "client_secret_expires_at": past,
        },
    }  # fmt: skip
    saved = running.save(settings)
    assert saved.status_code == 200, saved.text
    assert diagnose(running)["credential-expired"]["field"] == "interactions.microsoft.client_secret"


def test_switched_off_notifications_are_named(running: RunningService, sink: MailSink):
    settings = through(sink.port)
    settings["notifications"]["enabled"] = False
    assert running.save(settings).status_code == 200
    assert diagnose(running)["notifications-off"]["severity"] == "note"


def test_settings_with_which_no_bounce_can_come_back_are_named(running: RunningService, dovecot: Dovecot, sink: MailSink):
    """The service reads the bounces where the sender of the envelope is the mailbox of replies."""
    settings = {**through(sink.port), "interactions": interactions(imap_mailbox(dovecot, dovecot.add_user()))}
    for bounce_to, told in (("sender", True), ("reply_to", False)):
        settings["notifications"]["bounce_to"] = bounce_to
        assert running.save(settings).status_code == 200
        findings = running.call("GET", "/diagnosis").json()["findings"]
        assert ("bounces-not-read" in [one["id"] for one in findings]) is told


def test_only_server_admins_may_diagnose(running: RunningService):
    for role, status in (("viewer", 403), ("catalog", 403), (None, 401)):
        assert running.call("GET", "/diagnosis", role=role).status_code == status


# -- the command ------------------------------------------------------------------------------------------------------------


def of_service(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the findings of the service in the command's JSON by id; those of the host depend on this machine."""
    return {one["id"]: one for one in document["findings"] if one["source"] == "service"}


def test_the_command_joins_host_and_service(service: RunningService):
    """A new service has no settings; when it is stopped, the rest is found all the same."""
    done = service.command("diagnose", "--json")
    assert done.returncode == 4, done.stderr
    assert set(of_service(json.loads(done.stdout))) - {"disk-nearly-full"} == {"not-configured", "notifications-off"}
    service.stop()
    with make_engine(f"sqlite:///{service.database}").begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        waiting = Notification(new_id(), Kind.MESSAGE, long_ago, "a test")
        insert_notification(connection, waiting, [Delivery(new_id(), waiting.id, Recipient("bob@corp.test"), State.ACCEPTED)])
    done = service.command("diagnose")
    assert "deliveries-overdue" in done.stdout
    assert done.returncode == 4, done.stderr
    assert "ERROR service-not-asked" in done.stdout and "ERROR not-configured" in done.stdout
    assert "\x1b" not in done.stdout, "a pipe gets no colours"
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_the_command_checks_the_host_also_with_a_broken_configuration(service: RunningService, tmp_path: Path):
    service.config.write_text("base_url = 'nowhere'\n")
    document = json.loads(service.command("diagnose", "--json").stdout)
    assert of_service(document)["misconfigured"]["field"] == "base_url"
    assert document["worst"] == "error" and "error" in document["summary"]


def test_the_command_tells_a_database_that_is_not_migrated(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    service.command("key")
    document = json.loads(service.command("diagnose", "--json").stdout)
    found = of_service(document)
    assert found.keys() & {"misconfigured", "database-failed"}, document


def test_the_host_is_checked_as_root_and_the_service_as_its_user(
    make_service: Callable[..., RunningService], prepared: RunningService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Only root may read the folder of this service; a command that the checks of the host run notes its user."""
    service = make_service(start=False, user="nobody")
    service.adopt(prepared)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "postconf").write_text(f"#!/bin/sh\nid -u >> {tmp_path}/users\nexit 1\n")
    (programs / "postconf").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    document = json.loads(service.command("diagnose", "--json").stdout)
    assert set((tmp_path / "users").read_text().split()) == {"0"}
    assert of_service(document).keys() & {"misconfigured", "database-failed"}, document


def test_a_wrong_message_id_is_refused(service: RunningService):
    done = service.command("diagnose", "--message-id", "no id")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("catalog-mail: message-id: 'no id' is not a Message-ID.")


# -- the DNS of the sender's domain -----------------------------------------------------------------------------------------

DNS_FINDINGS = {entry.id for entry in CATALOGUE if "dig " in entry.look}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_senders_domain_is_found(running: RunningService, sink: MailSink, name: str):
    """The service asks a name server of the test; the sender is noreply@corp.test."""
    fault = FAULTS[name]
    smtp(running, sink.port)
    with NameServer(fault.zone, fault.failing) as names:
        query = f"?public_address={ADDRESS}&dkim_selector=mail2026&name_server={names.address}"
        answer = running.call("GET", f"/diagnosis{query}")
    assert answer.status_code == 200, answer.text
    found = {one["id"]: one for one in answer.json()["findings"]}
    assert found.keys() & DNS_FINDINGS == fault.expected, found
    assert {found[one]["field"] for one in fault.expected} <= {"notifications.from.address"}
    assert names.by_tcp > 0 or name != "long answers"


def test_each_finding_about_the_dns_is_provoked():
    assert set().union(*(fault.expected for fault in FAULTS.values())) == {
        "dns-not-answering", "sender-domain-missing", "mx-missing", "spf-missing", "spf-invalid", "spf-refuses-host",
        "dkim-key-missing", "dmarc-missing", "dmarc-invalid", "dmarc-not-aligned",
    }  # fmt: skip
    assert set().union(*(fault.of_host for fault in FAULTS.values())) == {
        "ptr-missing", "ptr-not-confirmed", "helo-not-found", "helo-not-matching",
    }  # fmt: skip


@pytest.mark.parametrize("query, field", [
    ("public_address=nowhere", "public_address"), ("dkim_selector=a%20b", "dkim_selector"),
    ("name_server=ns.example.com", "name_server"), ("name_server=127.0.0.1:0", "name_server"),
])
def test_wrong_options_are_refused(running: RunningService, query: str, field: str):
    answer = running.call("GET", f"/diagnosis?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["cause"].endswith(".") and answer.json()["remedy"].endswith(".")


def test_the_command_checks_the_public_address(running: RunningService):
    with NameServer(FAULTS["no pointer"].zone) as names:
        done = running.command("diagnose", "--json", "--public-address", ADDRESS, "--helo-name", "nowhere.test",
                               "--name-server", names.address, "--dkim-selector", "mail2026")
    assert {"ptr-missing", "helo-not-found"} <= {one["id"] for one in json.loads(done.stdout)["findings"]}
