# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unusual and hostile IMAP servers: responses at any moment, answers without an end, refusals with every response code."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from catalog_mail.adapters.imap import ImapMailboxes, client
from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.failures.failure import Cause, Failure, MailboxFailed
from catalog_mail.domain.replies.mailbox import Disposition, RawMessage
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from helpers.service.certificates import Authority
from helpers.service.imap_messages import MessageServer
from helpers.service.imap_script import SELECTED, ScriptedImapServer

CONTENT = {uid: b"Message-ID: <%d@corp.test>\r\nReceived: by corp.test\r\n\r\nText %d\r\n" % (uid, uid) for uid in (1, 2, 3)}
LARGEST = 1024 * 1024
DONE = b"{tag} OK done\r\n"


@pytest.fixture
def server() -> Iterator[MessageServer]:
    talk = MessageServer(CONTENT)
    yield talk
    talk.close()


def connect(server: ScriptedImapServer, *, timeout: float = 5.0) -> ImapMailbox:
    return ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "hunter2", timeout=timeout))


def failure(action: Callable[[], object]) -> Failure:
    with pytest.raises(MailboxFailed) as caught:
        action()
    found = caught.value.failure
    assert not re.search(r"hunter2|b'|\[b|command error|=>|Traceback|None", f"{found.cause} {found.remedy}"), found
    return found


def contents(mailbox: ImapMailbox) -> list[bytes]:
    return [message.content for message in mailbox.fetch(mailbox.unread(), LARGEST) if isinstance(message, RawMessage)]


class Interrupting(MessageServer):
    """Sends a response of its own before, and another one within, the answer to each command after the login."""

    said = b""
    lower = False

    def answer_to(self, words: list[str]) -> bytes | None:
        answer = super().answer_to(words)
        if answer is None or self.said == b"" or words[1] in {"CAPABILITY", "LOGIN", "IDLE"}:
            return answer
        first, _end, rest = answer.partition(b"\r\n* ")
        inside = b"\r\n" + self.said + b"* " if rest else b""
        return self.said + first + inside + rest


INTERRUPTIONS = [
    b"* 5 EXPUNGE\r\n",
    b"* 7 EXISTS\r\n* 1 RECENT\r\n",
    b"* FLAGS (\\Answered \\Seen $Odd)\r\n* OK [PERMANENTFLAGS (\\Answered \\Seen \\*)] limited\r\n",
    b"* 1 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS (\\Seen $Odd) MODSEQ (9))\r\n",
    b"* OK [ALERT] The system goes down at noon\r\n* NO Disk is nearly full\r\n* BAD What was that?\r\n",
    b"* OK Still here\r\n* XWORD whatever {not a literal\r\n* VANISHED 41,43:116\r\n",
    b"* OK [UIDNEXT 4294967295] huge\r\n* OK [HIGHESTMODSEQ 9223372036854775807] huge\r\n",
    b'* LIST (\\Subscribed) "/" Other\r\n* STATUS Other (MESSAGES 4 UNSEEN 1)\r\n* CAPABILITY IMAP4rev1\r\n',
    b"+ what\r\n",
]


@pytest.mark.parametrize("said", INTERRUPTIONS)
def test_responses_at_any_moment_disturb_nothing(said: bytes) -> None:
    server = Interrupting(CONTENT)
    with contextlib.closing(server):
        mailbox = connect(server)
        server.said = said
        assert contents(mailbox) == list(CONTENT.values())
        mailbox.mark(["1", "2"], Disposition.POSTED)
        assert mailbox.archive(["1", "2"]) == 2
        assert (server.copied, server.deleted) == ({1, 2}, {1, 2})
        assert list(mailbox.unread()) == ["3"]


class LowerCase(MessageServer):
    """Writes all words of the protocol in lower case (RFC 3501, 9: they are read without regard to case)."""

    def answer_to(self, words: list[str]) -> bytes | None:
        answer = super().answer_to(words)
        if answer is None:
            return None
        line = re.compile(rb"^(\* |\{tag\} )([^{\r\n]*(?:\{\d+\})?)\r$", re.MULTILINE)
        return line.sub(lambda found: found[1] + found[2].lower() + b"\r", answer)


def test_keywords_may_be_in_lower_case() -> None:
    server = LowerCase(CONTENT)
    server.greeting = b"* ok ready\r\n"
    with contextlib.closing(server):
        mailbox = connect(server)
        assert mailbox.place.validity == "7"
        assert mailbox.keeps_keywords
        assert contents(mailbox) == list(CONTENT.values())
        mailbox.mark(["1"], Disposition.POSTED)
        server.script["UID SEARCH"] = b"* search 1\r\n{tag} ok\r\n"
        server.script["UID FETCH"] = b'* 1 fetch (uid 1 flags (\\seen) internaldate "21-nov-2026 09:05:00 +0100")\r\n' + DONE
        assert [(one.key, one.seen) for one in mailbox.filed()] == [("1", True)]
        server.script["SELECT"] = b"{tag} no [nonexistent] gone\r\n"
        assert failure(lambda: connect(server)).code is Cause.MAILBOX_MISSING


FAREWELL = b"* BYE [UNAVAILABLE] Too many connections from hunter2\r\n"


@pytest.mark.parametrize("closes", [b"{close}", b""], ids=["closes", "stays"])
@pytest.mark.parametrize("command", ["greeting", "CAPABILITY", "LOGIN", "SELECT", "NOOP", "UID SEARCH", "STATUS", "UID STORE"])
def test_a_farewell_keeps_the_servers_words(server: MessageServer, command: str, closes: bytes) -> None:
    if command == "greeting":
        server.greeting = FAREWELL
    mailbox = None
    if command not in {"greeting", "CAPABILITY", "LOGIN", "SELECT"}:
        mailbox = connect(server)
    server.script[command] = FAREWELL + closes

    def act() -> None:
        opened = mailbox or connect(server)
        opened.mark(opened.unread(), Disposition.POSTED)
        opened.archive(["1"])

    found = failure(act)
    assert (found.code, found.temporary) == (Cause.CONNECTION_LOST, True)
    assert "[UNAVAILABLE] Too many connections from (removed)." in found.cause
    assert found.remedy.startswith("It may work later.")


def test_a_farewell_refuses_a_login(server: MessageServer) -> None:
    server.script["LOGIN"] = b"* BYE [AUTHENTICATIONFAILED] Wrong password\r\n{close}"
    assert failure(lambda: connect(server)).code is Cause.LOGIN_REFUSED


def test_a_farewell_in_idle_keeps_its_words(server: MessageServer) -> None:
    mailbox = connect(server)
    mailbox.wait(0.01)
    server.say(b"* BYE Autologout; idle for too long\r\n")
    server.script["LOGIN"] = None  # so that there is no new connection
    assert "idle for too long" in failure(lambda: mailbox.wait(5)).cause


CODES = {
    # response code: cause at LOGIN, at SELECT; a part of the remedy when a message is archived
    "UNAVAILABLE": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "AUTHENTICATIONFAILED": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "AUTHORIZATIONFAILED": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "EXPIRED": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "PRIVACYREQUIRED": (Cause.TLS_REQUIRED, Cause.TLS_REQUIRED, "starttls"),
    "CONTACTADMIN": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "NOPERM": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "rights"),
    "INUSE": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "EXPUNGEISSUED": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "CORRUPTION": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "repair"),
    "SERVERBUG": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "CLIENTBUG": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "CANNOT": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "LIMIT": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "later"),
    "OVERQUOTA": (Cause.OTHER_IMAP_ANSWER, Cause.OTHER_IMAP_ANSWER, "quota"),
    "ALREADYEXISTS": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
    "NONEXISTENT": (Cause.LOGIN_REFUSED, Cause.MAILBOX_MISSING, "log"),
}


@pytest.mark.parametrize("code", list(CODES))
def test_each_response_code_has_its_cause(server: MessageServer, code: str) -> None:
    at_login, at_select, at_archive = CODES[code]
    refusal = b"{tag} NO [%b] hunter2 says no\r\n" % code.encode()
    mailbox = connect(server)
    for command, cause in (("LOGIN", at_login), ("SELECT", at_select)):
        server.script[command] = refusal
        found = failure(lambda: connect(server))
        assert (found.code, f"[{code}] (removed) says no." in found.cause) == (cause, True)
        assert found.remedy.startswith("It may work later") == (cause is Cause.OTHER_IMAP_ANSWER)
        del server.script[command]
    server.script["SELECT"] = SELECTED + DONE
    server.seen = {1}
    server.script["UID COPY"] = refusal
    assert at_archive in failure(lambda: mailbox.archive(["1"])).remedy
    assert not server.deleted, "what was not copied is not removed"


def test_a_copy_without_some_messages_removes_none(server: MessageServer) -> None:
    """RFC 5530: EXPUNGEISSUED; Dovecot then copies none of the messages."""
    server.seen = {1, 2}
    server.script["UID COPY"] = b"{tag} NO [EXPUNGEISSUED] Some of the requested messages no longer exist.\r\n"
    mailbox = connect(server)
    failure(lambda: mailbox.archive(["1", "2"]))
    assert not server.deleted
    assert set(server.messages) == set(CONTENT)


@pytest.mark.parametrize("code", ["INUSE", "UNAVAILABLE", "LIMIT", "EXPUNGEISSUED"])
def test_a_busy_moment_is_no_broken_capability(server: MessageServer, code: str, caplog: pytest.LogCaptureFixture) -> None:
    server.script["CAPABILITY"] = b"* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n" + DONE
    server.script["UID MOVE"] = b"{tag} NO [%b] not now\r\n" % code.encode()
    server.seen = {1, 2}
    mailbox = connect(server)
    assert mailbox.archive(["1"]) == 1
    del server.script["UID MOVE"]
    assert mailbox.archive(["2"]) == 1
    assert [line.split()[1] for line in server.heard if line.startswith(("UID MOVE", "UID COPY"))] == ["MOVE", "COPY", "MOVE"]
    assert "does not work" not in caplog.text


NUMBERS = [
    (b"* SEARCH 1 99999999999999999999 4294967296 0 2\r\n", ["1", "2"]),
    (b"* SEARCH 4294967295\r\n", ["4294967295"]),
    (b"* SEARCH " + b"9" * 5000 + b" 3\r\n", ["3"]),
    (b"* SEARCH 1\r\n* 4 EXISTS\r\n* SEARCH 3\r\n", ["1", "3"]),
    (b"* SEARCH\r\n", []),
    (b"", []),
]


@pytest.mark.parametrize(("answer", "keys"), NUMBERS, ids=range(len(NUMBERS)))
def test_impossible_numbers_are_no_messages(server: MessageServer, answer: bytes, keys: list[str]) -> None:
    server.script["UID SEARCH"] = answer + DONE
    assert list(connect(server).unread()) == keys


@pytest.mark.parametrize("answer", [DONE, b"* STATUS Archive\r\n" + DONE, b"* STATUS {7}\r\nArchive (messages 0)\r\n" + DONE])
def test_a_mailbox_without_numbers_exists(server: MessageServer, answer: bytes) -> None:
    server.script["STATUS"] = answer
    server.seen = {1}
    assert connect(server).archive(["1"]) == 1
    assert not any(line.startswith("CREATE") for line in server.heard)


def test_a_uid_within_a_quoted_content_is_no_uid(server: MessageServer) -> None:
    server.script["UID FETCH"] = b'* 1 FETCH (BODY[] "UID 2 is not mine" RFC822.SIZE 17 UID 1)\r\n' + DONE
    server.script["UID SEARCH"] = b"* SEARCH 1\r\n" + DONE
    assert contents(connect(server)) == [b"UID 2 is not mine"]


# -- answers without an end ---------------------------------------------------------------------------------------------


@pytest.fixture
def endless() -> Iterator[Callable[..., int]]:
    """Make a server that, after `before`, sends `flood` for ever; returns its port."""
    listeners: list[socket.socket] = []

    def make(flood: bytes, before: dict[bytes, bytes]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                connection.sendall(before.get(b"", b""))
                for line in connection.makefile("rb") if before else ():
                    tag, name, *_rest = line.split()
                    if name not in before:
                        break
                    connection.sendall(before[name].replace(b"{tag}", tag))
                while True:
                    connection.sendall(flood)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield make
    for listener in listeners:
        listener.close()


OPEN = {
    b"": b"* OK ready\r\n", b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n", b"LOGIN": b"{tag} OK done\r\n",
    b"SELECT": SELECTED + b"{tag} OK [READ-WRITE] done\r\n",
}  # fmt: skip
IDLING = {**OPEN, b"IDLE": b"+ idling\r\n"}
FLOODS = [
    b"* OK Still here\r\n", b"* OK a line without an end", b"+ go on\r\n", b"* 1 FETCH (FLAGS ())\r\n", b"* 1 FETCH {9}\r\n",
]  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("stage", ["greeting", "login", "search", "idle"])
def test_an_answer_without_an_end_ends(
    endless: Callable[..., int], monkeypatch: pytest.MonkeyPatch, flood: bytes, stage: str
) -> None:
    monkeypatch.setattr(client, "LONGEST_LINE", 1_000_000)
    monkeypatch.setattr(client, "LONGEST_COMMAND", 0.3)
    before = {
        "greeting": {}, "login": {key: OPEN[key] for key in (b"", b"CAPABILITY")}, "search": OPEN, "idle": IDLING,
    }[stage]  # fmt: skip
    settings = ImapServer("127.0.0.1", endless(flood, before), TLS.NONE, "u", "hunter2", timeout=0.3)
    if stage == "idle":
        mailbox = ImapMailboxes().open(settings)
        with contextlib.suppress(MailboxFailed):
            mailbox.wait(0.1)
            mailbox.wait(0.1)
        return
    found = failure(lambda: ImapMailboxes().open(settings).unread())
    assert found.code in {Cause.NOT_IMAP, Cause.OTHER_IMAP_ANSWER, Cause.TIMED_OUT}


# -- TLS ----------------------------------------------------------------------------------------------------------------


def starttls_server(context: ssl.SSLContext, answer: bytes, heard: list[bytes]) -> socket.socket:
    """Offer STARTTLS, give `answer` to it, and speak TLS after it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with contextlib.suppress(OSError):
            connection = listener.accept()[0]
            connection.sendall(b"* OK ready\r\n")
            reader = connection.makefile("rb", buffering=0)
            for line in reader:
                tag, name = line.split()[:2]
                heard.append(name)
                if name == b"STARTTLS":
                    connection.sendall(answer.replace(b"{tag}", tag))
                    connection = context.wrap_socket(connection, server_side=True)
                    break
                connection.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%b OK done\r\n" % tag)
            for line in connection.makefile("rb"):
                tag, name = line.split()[:2]
                heard.append(name)
                told = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n" if name == b"CAPABILITY" else b""
                connection.sendall(told + b"%b OK done\r\n" % tag)

    threading.Thread(target=talk, daemon=True).start()
    return listener


@pytest.mark.parametrize(
    "injected", [b"", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN]\r\n"]
)
@pytest.mark.parametrize("after", [True, False])
def test_what_came_before_tls_does_not_count(tmp_path: Path, injected: bytes, after: bool) -> None:
    authority = Authority(tmp_path)
    heard: list[bytes] = []
    answer = b"{tag} OK begin\r\n" + injected if after else injected + b"{tag} OK begin\r\n"
    with starttls_server(authority.server("localhost"), answer, heard) as listener:
        settings = ImapServer(
            "localhost", listener.getsockname()[1], TLS.STARTTLS, "u", "hunter2", ca_file=str(authority.file), timeout=5
        )
        found = failure(lambda: ImapMailboxes().open(settings))
    assert found.code is Cause.LOGIN_REFUSED
    assert "offers no login with a password" in found.cause
    assert heard == [b"CAPABILITY", b"STARTTLS", b"CAPABILITY"]


def test_a_session_that_is_logged_in_before_tls_is_refused(server: MessageServer) -> None:
    server.greeting = b"* PREAUTH welcome\r\n"
    server.script["CAPABILITY"] = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + DONE
    settings = ImapServer("127.0.0.1", server.port, TLS.STARTTLS, "u", "hunter2", timeout=5)
    assert failure(lambda: ImapMailboxes().open(settings)).code is Cause.TLS_NOT_OFFERED


@pytest.mark.parametrize(
    "greeting", [b"+OK POP3 ready\r\n", b"220 smtp.corp.test ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"* HELLO\r\n"]
)
def test_another_protocol_is_named(server: MessageServer, greeting: bytes) -> None:
    server.greeting = greeting
    found = failure(lambda: connect(server))
    assert (found.code, found.field) == (Cause.NOT_IMAP, "interactions.imap.port")


def test_a_greeting_that_refuses_keeps_its_words(server: MessageServer) -> None:
    server.greeting = b"* NO hunter2 is not welcome\r\n"
    assert failure(lambda: connect(server)).cause.endswith("while waiting for the greeting: (removed) is not welcome.")


def test_another_version_of_the_protocol_is_named(server: MessageServer) -> None:
    server.script["CAPABILITY"] = b"* CAPABILITY IMAP2bis\r\n" + DONE
    assert failure(lambda: connect(server)).code is Cause.NOT_IMAP
