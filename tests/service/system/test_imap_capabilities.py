# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP server announces capabilities that do not work: the service goes on without them, and says so once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from catalog_mail.adapters.imap import ImapMailboxes, capabilities
from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.failures.failure import Cause, MailboxFailed
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from helpers.service.imap_messages import MessageServer
from helpers.waiting import wait_until

# Seconds until a server counts as silent.
TIMEOUT = 1.0
CONTENT = {uid: b"Message-ID: <%d@corp.test>\r\nReceived: by corp.test\r\n\r\nText\r\n" % uid for uid in (1, 2)}
ANNOUNCED = b"IDLE MOVE UIDPLUS NAMESPACE LITERAL+ AUTH=PLAIN AUTH=GSSAPI SASL-IR"
FAILURES: dict[str, bytes | None] = {
    "NO": b"{tag} NO hunter2 is not supported\r\n",
    "BAD": b"{tag} BAD hunter2 is an unknown command\r\n",
    "without words": b"{tag} BAD\r\n",
    "silence": b"",
    "end": None,
    "farewell": b"* BYE hunter2 had an error\r\n{close}",
    "gibberish": b"%%%%\r\n",
}


@pytest.fixture
def server() -> Iterator[MessageServer]:
    talk = MessageServer(CONTENT)
    talk.script |= {"CAPABILITY": b"* CAPABILITY IMAP4rev1 " + ANNOUNCED + b"\r\n{tag} OK done\r\n"}
    yield talk
    talk.close()


def connect(server: MessageServer) -> Callable[[], ImapMailbox]:
    mailboxes = ImapMailboxes()
    return lambda: mailboxes.open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "hunter2", timeout=TIMEOUT))


def warnings(caplog: pytest.LogCaptureFixture, capability: str) -> list[str]:
    return [text for text in caplog.messages if f"announces {capability}, which does not work" in text]


def count(server: MessageServer, command: str) -> int:
    return sum(line.startswith(command) for line in server.heard)


@pytest.fixture(params=list(FAILURES))
def failure(request: pytest.FixtureRequest) -> bytes | None:
    return FAILURES[request.param]


def test_without_a_working_idle_the_mailbox_is_polled(
    server: MessageServer, failure: bytes | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_mail.adapters.imap.idle.LOOK", 0.1)
    server.script |= {"IDLE": failure, "NOOP": b"{tag} OK done\r\n"}
    opened = connect(server)
    for _connection in range(2):
        mailbox = opened()
        mailbox.unread()
        mailbox.wait(0.1)  # true after a new connection: mail may have come meanwhile
        assert list(mailbox.unread()) == ["1", "2"]
        assert mailbox.wait(0.1) is False
        server.script["NOOP"] = b"* 3 EXISTS\r\n{tag} OK done\r\n"
        assert mailbox.wait(10 * TIMEOUT) is True
        server.script["NOOP"] = b"{tag} OK done\r\n"
        mailbox.close()
    assert count(server, "IDLE") == 1
    (said,) = warnings(caplog, "IDLE")
    assert "hunter2" not in said
    assert not any(record.levelname == "ERROR" for record in caplog.records)


def test_an_idle_that_does_not_end_is_not_used_again(server: MessageServer, caplog: pytest.LogCaptureFixture) -> None:
    server.done = b""
    mailbox = connect(server)()
    for _pass in range(4):
        mailbox.unread()
        mailbox.wait(0.1)
    assert list(mailbox.unread()) == ["1", "2"]
    assert count(server, "IDLE") == capabilities.MOST_DOUBTS
    assert len(warnings(caplog, "IDLE")) == 1


def test_an_idle_that_ends_the_connection_is_left_out(server: MessageServer, caplog: pytest.LogCaptureFixture) -> None:
    server.script["IDLE"] = b"+ idling\r\n{close}"
    mailbox = connect(server)()
    for _pass in range(4):
        mailbox.unread()
        mailbox.wait(0.1)
    assert count(server, "IDLE") == capabilities.MOST_DOUBTS
    assert len(warnings(caplog, "IDLE")) == 1


def test_a_broken_capability_is_tried_again_later(server: MessageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "FORGET", 1.0)
    server.script["IDLE"] = FAILURES["NO"]
    mailbox = connect(server)()
    mailbox.unread()
    mailbox.wait(0.1)
    assert count(server, "IDLE") == 1
    server.script["IDLE"] = b"+ idling\r\n"
    wait_until(lambda: mailbox.wait(0.1) or count(server, "IDLE") == 2, "IDLE is not tried again")


def test_without_a_working_move_messages_are_copied(
    server: MessageServer, failure: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    server.script["UID MOVE"] = failure
    server.seen = {1}
    mailbox = connect(server)()
    assert mailbox.archive(["1", "2"]) == 1
    assert (server.copied, set(server.messages)) == ({1}, {2})
    server.seen = {2}
    assert mailbox.archive(["2"]) == 1
    assert (server.copied, server.messages) == ({1, 2}, {})
    assert count(server, "UID MOVE") == 1
    assert len(warnings(caplog, "MOVE")) == 1


def test_a_move_without_effect_does_not_work(server: MessageServer, caplog: pytest.LogCaptureFixture) -> None:
    server.script["UID MOVE"] = b"{tag} OK done\r\n"
    server.seen = {1}
    assert connect(server)().archive(["1"]) == 1
    assert (server.copied, set(server.messages)) == ({1}, {2})
    assert len(warnings(caplog, "MOVE")) == 1


def test_without_a_working_expunge_messages_stay_marked(
    server: MessageServer, failure: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    server.script |= {"UID EXPUNGE": failure, "CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n{tag} OK done\r\n"}
    server.seen = {1, 2}
    mailbox = connect(server)()
    mailbox.archive(["1"])
    mailbox.archive(["1", "2"])
    assert (server.copied, server.deleted) == ({1, 2}, {1, 2})
    assert sorted(line.split()[2] for line in server.heard if line.startswith("UID COPY")) == ["1", "2"], "copied once each"
    assert count(server, "UID EXPUNGE") == 1
    assert list(mailbox.filed()) == []
    assert len(warnings(caplog, "UIDPLUS")) == 1


def test_a_message_that_is_not_copied_is_not_removed(server: MessageServer) -> None:
    server.script["CAPABILITY"] = b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n{tag} OK done\r\n"
    server.seen = {1, 2}
    server.spoils = {1: lambda _uid, _part: b"{tag} NO cannot be read\r\n"}
    assert connect(server)().archive(["1", "2"]) == 1
    assert (server.copied, set(server.messages)) == ({2}, {1})


@pytest.mark.parametrize("answer", [*FAILURES.values(), b"* NAMESPACE what\r\n{tag} OK done\r\n", b"{tag} OK done\r\n"])
def test_without_a_working_namespace_names_are_listed(
    server: MessageServer, answer: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    listed = b'* LIST (\\HasChildren) "." INBOX\r\n* LIST () "." INBOX.Sent\r\n{tag} OK done\r\n'
    server.script |= {"NAMESPACE": answer, "STATUS": b"{tag} NO no such mailbox\r\n", "LIST": listed}
    evidence = connect(server)().evidence(0)
    assert evidence.archive_problem
    assert evidence.archive_problem.remedy == "Set archive_mailbox to 'INBOX.Archive'."
    assert len(warnings(caplog, "NAMESPACE")) == 1


def test_without_a_working_authenticate_login_is_used(
    server: MessageServer, failure: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    server.script["AUTHENTICATE"] = failure
    opened = connect(server)
    for _connection in range(2):
        assert list(opened().unread()) == ["1", "2"]
    assert (count(server, "AUTHENTICATE"), count(server, "LOGIN")) == (1, 2)
    (said,) = warnings(caplog, "AUTH=PLAIN")
    assert "hunter2" not in said


@pytest.mark.parametrize("code", ["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED"])
def test_a_wrong_password_is_tried_once(server: MessageServer, code: str) -> None:
    server.script["AUTHENTICATE"] = f"{{tag}} NO [{code}] denied\r\n".encode()
    with pytest.raises(MailboxFailed) as raised:
        connect(server)()
    assert raised.value.failure.code in {Cause.LOGIN_REFUSED, Cause.TLS_REQUIRED}
    assert count(server, "LOGIN") == 0


@pytest.mark.parametrize("answer", [b"{tag} NO wrong\r\n", None])
def test_a_password_refused_twice_is_refused(
    server: MessageServer, answer: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    server.script |= {"AUTHENTICATE": b"{tag} NO Authentication failed\r\n", "LOGIN": answer}
    with pytest.raises(MailboxFailed) as raised:
        connect(server)()
    assert raised.value.failure.code is Cause.LOGIN_REFUSED
    assert not warnings(caplog, "AUTH=PLAIN")


def test_a_server_that_is_gone_lacks_no_capability(server: MessageServer, caplog: pytest.LogCaptureFixture) -> None:
    mailbox = connect(server)()
    mailbox.unread()
    server.script |= {"IDLE": None}
    server.greeting = b"* BYE shutting down\r\n"
    with pytest.raises(MailboxFailed) as raised:
        mailbox.wait(10 * TIMEOUT)
    assert raised.value.failure.code is Cause.CONNECTION_LOST
    assert not warnings(caplog, "IDLE")


def test_no_literal_is_sent_without_an_invitation(server: MessageServer) -> None:
    mailbox = connect(server)()
    mailbox.mark(list(mailbox.unread()), Disposition.POSTED)
    mailbox.archive(["1", "2"])
    mailbox.evidence(0)
    assert not any("+}" in line for line in server.heard)
