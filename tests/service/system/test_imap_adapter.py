# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox over IMAP on a real Dovecot: reading, marking, waiting, archiving, and the error of each failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog_mail.adapters.imap import ImapMailboxes, idle
from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.failures.failure import Cause, MailboxFailed
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from helpers.service.dovecot import NO_KEYWORDS, Dovecot
from helpers.service.imap_script import ScriptedImapServer, scripted_imap_servers
from helpers.waiting import PATIENCE

LARGEST = 20 * 1024 * 1024
DATE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def mail(number: int = 1, size: int = 100) -> bytes:
    head = f"From: a@corp.test\r\nMessage-ID: <{number}@corp.test>\r\nSubject: {number}\r\n\r\n".encode()
    return head + b"x" * (size - len(head) - 2) + b"\r\n"


def server_of(dovecot: Dovecot, user: str, **change: Any) -> ImapServer:
    settings: dict[str, Any] = {
        "host": "localhost", "port": dovecot.imaps, "tls": TLS.IMPLICIT, "username": user, "password": dovecot.password(user),
        "ca_file": str(dovecot.authority.file), "timeout": PATIENCE,
    }  # fmt: skip
    return ImapServer(**settings | change)


@pytest.fixture
def open_mailbox() -> Iterator[Callable[..., ImapMailbox]]:
    """Open mailboxes of a Dovecot's users; close them at the end."""
    opened: list[ImapMailbox] = []

    def make(dovecot: Dovecot, user: str, **change: Any) -> ImapMailbox:
        opened.append(ImapMailboxes().open(server_of(dovecot, user, **change)))
        return opened[-1]

    yield make
    for mailbox in opened:
        mailbox.close()


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.add_user()


@pytest.fixture
def talk() -> Iterator[Callable[..., ScriptedImapServer]]:
    with scripted_imap_servers() as make:
        yield make


def failed(action: Callable[[], Any]) -> MailboxFailed:
    with pytest.raises(MailboxFailed) as raised:
        action()
    return raised.value


# -- reading ----------------------------------------------------------------------------------------------------------------


def test_reading_keeps_messages_unread_and_unchanged(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    strange = b"Subject: (UID 999) {3}\r\n\r\n)\r\n* 1 FETCH (UID 7)\r\n"
    contents = [mail(1), b"Subject: \xff\r\n\r\n8 bit \xe4\r\n", strange, b""]
    for content in contents:
        dovecot.deliver(user, content)
    mailbox = open_mailbox(dovecot, user)
    keys = mailbox.unread()
    assert list(keys) == ["1", "2", "3", "4"]
    messages = list(mailbox.fetch(keys, LARGEST))
    assert [message.content for message in messages] == contents
    assert [message.size for message in messages] == [len(content) for content in contents]
    assert all(abs(message.received_at - datetime.now(UTC)) < timedelta(minutes=2) for message in messages)
    assert not any(message.cut for message in messages)
    assert list(mailbox.unread()) == keys
    assert not any(message.seen for message in dovecot.messages(user))


def test_a_large_message_is_read_without_its_body(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    for number, size in enumerate((4000, 50_000, 3000)):
        dovecot.deliver(user, mail(number, size))
    found = open_mailbox(dovecot, user).fetch(["1", "2", "3"], 4000)
    small, large, last = sorted(found, key=lambda message: int(message.key))
    assert [(message.cut, message.size) for message in (small, large, last)] == [(False, 4000), (True, 50_000), (False, 3000)]
    assert large.content.startswith(b"From: a@corp.test\r\nMessage-ID: <1@corp.test>")
    assert b"xxx" not in large.content


def test_a_response_has_a_maximum_size(
    dovecot: Dovecot, user: str, open_mailbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_mail.adapters.imap.portions.ANSWER", 10_000)
    for number in range(12):
        dovecot.deliver(user, mail(number, 4000))
    mailbox = open_mailbox(dovecot, user)
    assert [message.key for message in mailbox.fetch(mailbox.unread(), LARGEST)] == [str(n) for n in range(1, 13)]


def test_deleted_messages_are_skipped(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    for number in range(5):
        dovecot.deliver(user, mail(number))
    mailbox = open_mailbox(dovecot, user)
    keys = mailbox.unread()
    dovecot.remove_messages(user, "2,4")
    assert [message.key for message in mailbox.fetch(keys, LARGEST)] == ["1", "3", "5"]
    mailbox.mark(keys, Disposition.POSTED)
    assert {message.uid: message.seen for message in dovecot.messages(user)} == {1: True, 3: True, 5: True}
    assert list(mailbox.fetch(["77", "x", "1:*"], LARGEST)) == []
    mailbox.mark(["77", "x"], Disposition.POSTED)


def test_thousands_are_requested_in_chunks(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    for number in range(450):
        dovecot.deliver(user, mail(number))
    mailbox = open_mailbox(dovecot, user)
    keys = mailbox.unread()
    assert len(list(mailbox.fetch(keys, LARGEST))) == 450
    mailbox.mark(keys[::2], Disposition.IGNORED)
    assert list(mailbox.unread()) == list(keys[1::2])


# -- marking ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disposition", list(Disposition))
def test_a_mark_adds_seen_and_a_keyword(
    dovecot: Dovecot, user: str, open_mailbox: Any, disposition: Disposition
) -> None:
    dovecot.deliver(user, mail(), flags=["\\Flagged", "Work"])
    mailbox = open_mailbox(dovecot, user)
    assert mailbox.keeps_keywords
    mailbox.mark(["1"], disposition)
    flags = dovecot.messages(user)[0].flags
    assert {"\\Seen", "\\Flagged", "Work", disposition.keyword} <= flags


def test_without_keywords_a_mark_is_only_seen(dovecot: Dovecot, open_mailbox: Any) -> None:
    user = dovecot.add_user(rights=NO_KEYWORDS)
    dovecot.deliver(user, mail())
    mailbox = open_mailbox(dovecot, user)
    assert not mailbox.keeps_keywords
    mailbox.mark(mailbox.unread(), Disposition.POSTED)
    assert list(mailbox.unread()) == []
    assert dovecot.messages(user)[0].flags == {"\\Seen", "\\Recent"} or dovecot.messages(user)[0].flags == {"\\Seen"}


def test_too_many_keywords_lose_the_keyword_not_the_mark(talk: Any) -> None:
    server = talk()
    server.script["UID STORE"] = b"{tag} NO [LIMIT] Too many keywords\r\n"
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    assert mailbox.keeps_keywords
    error = failed(lambda: mailbox.mark(["1"], Disposition.POSTED))
    assert error.failure.code is Cause.OTHER_IMAP_ANSWER
    stores = [line for line in server.heard if line.startswith("UID STORE")]
    assert stores == ["UID STORE 1 +FLAGS.SILENT (\\Seen $CatalogPosted)", "UID STORE 1 +FLAGS.SILENT (\\Seen)"]


# -- overview -----------------------------------------------------------------------------------------------------------------


def test_an_overview_shows_other_readers(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    mailbox = open_mailbox(dovecot, user)
    empty = mailbox.overview(None)
    assert (empty.unread, empty.oldest_unread, empty.taken) == (0, None, ())
    dovecot.deliver(user, mail(1), flags=["\\Seen"])  # read before the first overview
    first = mailbox.overview(None)
    assert (first.taken, first.last) == ((), "1")
    dovecot.deliver(user, mail(2), flags=[], internaldate=DATE)
    dovecot.deliver(user, mail(3))
    dovecot.deliver(user, mail(4))
    assert list(mailbox.unread()) == ["2", "3", "4"]
    mailbox.mark(["3"], Disposition.REJECTED)
    dovecot.set_flags(user, "4", "\\Seen")
    found = mailbox.overview(first.last)
    # Another installation sets the same keywords: the caller leaves out the messages that this one has handled.
    assert (found.unread, found.oldest_unread, found.taken, found.last) == (1, DATE, ("4", "3"), "4")
    assert mailbox.overview(found.last).taken == ()
    # Without an earlier overview no other reader is reported.
    assert mailbox.overview(None).taken == ()


def test_the_mailbox_identity_changes_with_uidvalidity(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    dovecot.deliver(user, mail())
    before = open_mailbox(dovecot, user).place
    assert before.mailbox == f"imap://{user}@localhost/INBOX"
    assert open_mailbox(dovecot, user, mailbox="inbox").place == before
    dovecot.reset_uidvalidity(user)
    after = open_mailbox(dovecot, user).place
    assert (after.mailbox, after.validity != before.validity) == (before.mailbox, True)


# -- waiting ------------------------------------------------------------------------------------------------------------------


def waited(mailbox: ImapMailbox, seconds: float) -> tuple[bool, float]:
    started = time.monotonic()
    return mailbox.wait(seconds), time.monotonic() - started


def test_new_mail_ends_the_wait(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    mailbox = open_mailbox(dovecot, user)
    mailbox.unread()
    assert mailbox.wait(0.2) is False
    threading.Timer(0.2, dovecot.deliver, (user, mail())).start()
    came, seconds = waited(mailbox, PATIENCE)
    assert came
    assert seconds < PATIENCE / 2
    assert list(mailbox.unread()) == ["1"]
    assert mailbox.wait(0.1) is False


def test_mail_between_two_waits_is_not_missed(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    mailbox = open_mailbox(dovecot, user)
    mailbox.unread()
    dovecot.deliver(user, mail())
    mailbox.overview(None)  # the server may report it in the response to any command
    assert waited(mailbox, PATIENCE)[0]
    assert list(mailbox.unread()) == ["1"]


def test_a_message_marked_unread_again_ends_the_wait(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    dovecot.deliver(user, mail(), flags=["\\Seen"])
    mailbox = open_mailbox(dovecot, user)
    mailbox.unread()
    mailbox.wait(0.1)
    threading.Timer(0.1, dovecot.set_flags, (user, "1", "\\Seen"), {"how": "-FLAGS"}).start()
    assert waited(mailbox, PATIENCE)[0]


def test_messages_read_by_others_do_not_end_the_wait(dovecot: Dovecot, user: str, open_mailbox: Any) -> None:
    dovecot.deliver(user, mail())
    mailbox = open_mailbox(dovecot, user)
    mailbox.unread()
    threading.Timer(0.1, dovecot.set_flags, (user, "1", "\\Seen")).start()
    assert mailbox.wait(1.5) is False


def test_idle_stays_open_and_is_renewed_in_time(talk: Any) -> None:
    server = talk()
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    mailbox.unread()
    for _slice in range(6):
        assert mailbox.wait(0.1) is False
    assert server.heard.count("IDLE") == 1
    assert idle.REISSUE < 29 * 60
    mailbox._waiting._since -= idle.REISSUE
    mailbox.wait(0.1)
    assert server.heard.count("IDLE") == 2
    assert server.heard.count("NOOP") == 2  # one of them after the first IDLE
    mailbox.unread()
    assert server.heard[-3:] == ["", "NOOP", "UID SEARCH UNSEEN"]  # DONE, then the next command
    mailbox.close()


def test_news_in_the_response_to_idle_are_read(talk: Any) -> None:
    server = talk({"IDLE": b"* 1 EXISTS\r\n+ idling\r\n* 2 EXISTS\r\n"})
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    mailbox.unread()
    came, seconds = waited(mailbox, PATIENCE)
    assert came
    assert seconds < PATIENCE / 2


def test_keepalives_of_the_server_do_not_end_the_wait(talk: Any) -> None:
    server = talk()
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    mailbox.unread()
    mailbox.wait(0.1)
    server.say(b"* OK Still here\r\n")
    assert mailbox.wait(0.3) is False
    server.say(b"* 3 EX")  # half a line is no response
    assert mailbox.wait(0.2) is False
    server.say(b"ISTS\r\n")
    assert mailbox.wait(PATIENCE)


def test_without_idle_the_wait_lasts_as_requested(make_dovecot: Callable[..., Dovecot], open_mailbox: Any) -> None:
    server = make_dovecot(without=["IDLE"])
    user = server.add_user()
    mailbox = open_mailbox(server, user)
    mailbox.unread()
    server.deliver(user, mail())
    came, seconds = waited(mailbox, 0.5)
    assert (came, seconds >= 0.5) == (False, True)
    assert list(mailbox.unread()) == ["1"]


def test_without_idle_a_long_wait_polls(
    make_dovecot: Callable[..., Dovecot], open_mailbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "LOOK", 0.3)
    server = make_dovecot(without=["IDLE"])
    user = server.add_user()
    mailbox = open_mailbox(server, user)
    mailbox.unread()
    server.deliver(user, mail())
    assert waited(mailbox, PATIENCE)[0]


# -- failing ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kill", ["kill9", "stop"])
def test_a_stopped_server_ends_the_wait_at_once(
    make_dovecot: Callable[..., Dovecot], open_mailbox: Any, kill: str
) -> None:
    server = make_dovecot()
    user = server.add_user()
    mailbox = open_mailbox(server, user)
    mailbox.unread()
    threading.Timer(0.2, getattr(server, kill)).start()
    started = time.monotonic()
    error = failed(lambda: mailbox.wait(PATIENCE))
    assert time.monotonic() - started < PATIENCE / 2
    assert error.failure.code is Cause.CONNECTION_LOST
    assert error.failure.temporary
    failed(mailbox.unread)  # the connection is unusable now
    mailbox.close()


def test_a_closed_connection_is_reported_by_each_call(make_dovecot: Callable[..., Dovecot], open_mailbox: Any) -> None:
    server = make_dovecot()
    user = server.add_user()
    server.deliver(user, mail())
    actions: list[Callable[[ImapMailbox], Any]] = [
        lambda mailbox: mailbox.unread(),
        lambda mailbox: list(mailbox.fetch(["1"], LARGEST)),
        lambda mailbox: mailbox.mark(["1"], Disposition.POSTED),
        lambda mailbox: mailbox.overview(None),
        lambda mailbox: mailbox.wait(1),
        lambda mailbox: list(mailbox.filed()),
        lambda mailbox: mailbox.archive(["1"]),
        lambda mailbox: list(mailbox.archived()),
        lambda mailbox: mailbox.expire(["1"]),
    ]
    mailboxes = [open_mailbox(server, user) for _action in actions]
    server.kill9()
    for mailbox, action in zip(mailboxes, actions, strict=True):
        assert failed(lambda: action(mailbox)).failure.code is Cause.CONNECTION_LOST  # noqa: B023


def silent(talk: Any, **script: bytes | None) -> ImapServer:
    names = {name.replace("_", " "): answer for name, answer in script.items()}
    server = talk(names) if script else talk(greeting=b"")
    return ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "hunter2", timeout=1)


def test_a_silent_server_runs_into_the_timeout(talk: Any) -> None:
    started = time.monotonic()
    greeting = failed(lambda: ImapMailboxes().check_mailbox(silent(talk)))
    assert (greeting.failure.code, "greeting" in greeting.failure.cause) == (Cause.TIMED_OUT, True)
    login = failed(lambda: ImapMailboxes().check_mailbox(silent(talk, LOGIN=b"")))
    assert (login.failure.code, "logging in" in login.failure.cause) == (Cause.TIMED_OUT, True)
    assert "hunter2" not in str(login)
    mailbox = ImapMailboxes().open(silent(talk, UID_SEARCH=b""))
    assert failed(mailbox.unread).failure.code is Cause.TIMED_OUT
    assert time.monotonic() - started < PATIENCE / 2


def test_a_port_for_tls_differs_from_a_silent_server(talk: Any) -> None:
    server = talk(greeting=b"")
    settings = ImapServer("127.0.0.1", server.port, TLS.IMPLICIT, "u", "p", timeout=0.5)
    assert failed(lambda: ImapMailboxes().check_mailbox(settings)).failure.code is Cause.TIMED_OUT


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"LOGIN": b"{tag} NO [AUTHENTICATIONFAILED] hunter2 is wrong\r\n"}, Cause.LOGIN_REFUSED),
        ({"LOGIN": b"{tag} BAD hunter2 is wrong\r\n"}, Cause.LOGIN_REFUSED),
        ({"LOGIN": b"* BYE hunter2\r\n"}, Cause.CONNECTION_LOST),
        ({"LOGIN": None}, Cause.CONNECTION_LOST),
        ({"CAPABILITY": b"{tag} BAD what\r\n"}, Cause.OTHER_IMAP_ANSWER),
        ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"}, Cause.LOGIN_REFUSED),
        ({"SELECT": b"{tag} OK [READ-ONLY] done\r\n"}, Cause.MAILBOX_READ_ONLY),
        ({"SELECT": b"* OK [PERMANENTFLAGS ()] none\r\n{tag} OK [READ-WRITE] done\r\n"}, Cause.MAILBOX_READ_ONLY),
        ({"SELECT": b"{tag} NO [NONEXISTENT] hunter2\r\n"}, Cause.MAILBOX_MISSING),
        ({"SELECT": b"gibberish\r\n"}, Cause.OTHER_IMAP_ANSWER),
        ({"UID SEARCH": b"* SEARCH 1 2 x\r\n{tag} NO [SERVERBUG] hunter2\r\n"}, Cause.OTHER_IMAP_ANSWER),
        ({"UID SEARCH": b"* 1 FETCH {9999999999}\r\n"}, Cause.OTHER_IMAP_ANSWER),
    ],
)
def test_malformed_responses_show_no_password(talk: Any, script: dict[str, bytes | None], code: Cause) -> None:
    server = talk(script)
    settings = ImapServer("127.0.0.1", server.port, TLS.NONE, "user", "hunter2", timeout=PATIENCE)
    error = failed(lambda: ImapMailboxes().check_mailbox(settings))
    assert error.failure.code is code
    assert "hunter2" not in f"{error} {error.failure}"


def test_names_and_passwords_inject_no_command(dovecot: Dovecot, talk: Any) -> None:
    name, password = 'o "brien', 'p\u00e4ss " \\ \u2603'
    user = dovecot.add_user(name, password)
    assert ImapMailboxes().check_mailbox(server_of(dovecot, user)).messages == 0
    broken = server_of(dovecot, user, password=password + "\r\nA9 DELETE INBOX")
    assert failed(lambda: ImapMailboxes().check_mailbox(broken)).failure.code is Cause.LOGIN_REFUSED
    plain = talk()  # a server that offers LOGIN alone
    settings = ImapServer("127.0.0.1", plain.port, TLS.NONE, name, broken.password, timeout=PATIENCE)
    assert failed(lambda: ImapMailboxes().check_mailbox(settings)).failure.code is Cause.LOGIN_REFUSED
    assert not any("DELETE" in line for line in plain.heard)
    quoted = ImapServer("127.0.0.1", plain.port, TLS.NONE, 'o "brien\\', 'a "b\\', timeout=PATIENCE)
    ImapMailboxes().check_mailbox(quoted)
    assert 'LOGIN "o \\"brien\\\\" "a \\"b\\\\"' in plain.heard


def test_a_recreated_mailbox_is_not_the_same_mailbox(talk: Any) -> None:
    server = talk()
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    assert list(mailbox.archived()) == []  # the archive is selected by this time
    server.script["SELECT"] = b"* OK [UIDVALIDITY 8] ok\r\n{tag} OK [READ-WRITE] done\r\n"
    error = failed(lambda: mailbox.mark(["1"], Disposition.POSTED))
    assert (error.failure.code, error.failure.temporary) == (Cause.CONNECTION_LOST, True)
    assert not any(line.startswith("UID STORE") for line in server.heard)


def test_a_recreated_archive_loses_no_message(talk: Any) -> None:
    server = talk()
    mailbox = ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "p", timeout=PATIENCE))
    assert list(mailbox.archived()) == []
    mailbox.unread()
    server.script |= {"UID SEARCH": b"* SEARCH 1\r\n{tag} OK done\r\n"}
    server.script["SELECT Archive"] = b"* OK [UIDVALIDITY 8] ok\r\n{tag} OK [READ-WRITE] done\r\n"
    assert failed(lambda: mailbox.expire(["1"])).failure.code is Cause.CONNECTION_LOST
    assert not any(line.startswith(("UID STORE", "UID EXPUNGE")) for line in server.heard)
