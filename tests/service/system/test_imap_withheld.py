# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP server withholds or spoils one message: the others are read, and that one is tried alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.imap import ImapMailboxes
from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.failures.failure import Cause, MailboxFailed
from catalog_mail.domain.replies.mailbox import Disposition, Place, RawMessage, Unreadable
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from catalog_mail.services.reply_sync import MOST_UNREADABLE
from helpers.service.catalog_users import add_user
from helpers.service.imap_messages import MessageServer, Spoil
from helpers.service.process import RunningService, through
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.settings_bodies import interactions
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import make_url

LARGEST = 1024 * 1024
# Seconds until a server counts as silent.
TIMEOUT = 1.0
CONTENT = {uid: b"Message-ID: <%d@corp.test>\r\n\r\nText %d (with parentheses)\r\n" % (uid, uid) for uid in range(1, 5)}


def resized(by: int) -> Spoil:
    """Announce another length of the literal."""
    return lambda _uid, part: re.sub(rb"\{(\d+)\}", lambda found: b"{%d}" % (int(found[1]) + by), part)


def cut(part: bytes) -> bytes:
    return part[: len(part) // 2]


SPOILS: dict[str, Spoil] = {
    "refused": lambda _uid, _part: b"{tag} NO [SERVERBUG] hunter2 cannot be read\r\n",
    "refused as an error": lambda _uid, _part: b"{tag} BAD Error in IMAP command FETCH\r\n",
    "refused without words": lambda _uid, _part: b"{tag} NO\r\n",
    "refused by another word": lambda _uid, _part: b"{tag} FAIL it did not work\r\n",
    "nothing": lambda _uid, _part: b"",
    "no content": lambda uid, _part: b"* %d FETCH (UID %d)\r\n" % (uid, uid),
    "NIL": lambda uid, _part: b"* %d FETCH (UID %d BODY[] NIL)\r\n" % (uid, uid),
    "an empty content": lambda uid, _part: b'* %d FETCH (UID %d BODY[] "")\r\n' % (uid, uid),
    "an empty literal": lambda uid, _part: b"* %d FETCH (UID %d BODY[] {0}\r\n)\r\n" % (uid, uid),
    "without UID": lambda uid, part: part.replace(b"UID %d " % uid, b""),
    "under another UID": lambda uid, part: part.replace(b"UID %d" % uid, b"UID 99"),
    "without an end": lambda uid, _part: b"* %d FETCH (UID %d BODY[] Subject: what\r\n" % (uid, uid),
    "an unquoted text": lambda uid, part: b"* %d FETCH (UID %d BODY[] %b" % (uid, uid, part.split(b"\r\n", 1)[1]),
    "a line of a program": lambda _uid, _part: b"imap(replies): Panic: file mail-storage.c\r\n",
    "a binary line": lambda _uid, _part: b"\x00\xff\xfe\r\n",
    "a literal that is too short by one": resized(1),
    "a literal that is too short by a few": resized(7),
    "a literal that swallows the next message": resized(60),
    "a literal that is too short by far": resized(5000),
    "a literal that is too long by one": resized(-1),
    "a literal that is too long": resized(-40),
    "a literal without limit": resized(9_999_999_999),
    "a literal cut short, then the end": lambda _uid, part: cut(part) + b"{close}",
    "a literal cut short, then silence": lambda _uid, part: cut(part) + b"{silence}",
    "a literal cut short, then the tag": lambda _uid, part: cut(part) + b"\r\n{tag} OK done\r\n",
    "the end of the connection": lambda _uid, _part: b"{close}",
    "silence": lambda _uid, _part: b"{silence}",
    "a farewell": lambda _uid, _part: b"* BYE Internal error occurred\r\n{close}",
    "a farewell, then silence": lambda _uid, _part: b"* BYE Internal error occurred\r\n{silence}",
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[MessageServer]:
    talk = MessageServer(CONTENT)
    yield talk
    talk.close()


def open_mailbox(server: MessageServer, timeout: float = TIMEOUT) -> ImapMailbox:
    return ImapMailboxes().open(ImapServer("127.0.0.1", server.port, TLS.NONE, "u", "hunter2", timeout=timeout))


def read(mailbox: ImapMailbox) -> tuple[dict[int, bytes], dict[int, str]]:
    """Fetch all unread messages; return the contents of some and the causes of the others."""
    found = list(mailbox.fetch(mailbox.unread(), LARGEST))
    contents = {int(message.key): message.content for message in found if isinstance(message, RawMessage)}
    return contents, {int(message.key): message.failure.cause for message in found if isinstance(message, Unreadable)}


def concerns_content(spoil: str) -> bool:
    return any(word in spoil for word in ("literal", "content", "text", "without an end"))


CASES = [
    *((spoil, "BODY", 2) for spoil in SPOILS),
    *((spoil, "RFC822.SIZE", 2) for spoil in SPOILS if not concerns_content(spoil)),
    *((spoil, "BODY", bad) for spoil in ("refused", "nothing", "the end of the connection") for bad in (1, 4)),
]


@pytest.mark.parametrize(("spoil", "data", "bad"), CASES)
def test_a_spoiled_message_stops_no_other(server: MessageServer, spoil: str, data: str, bad: int) -> None:
    server.spoils, server.spoiled_data = {bad: SPOILS[spoil]}, data
    mailbox = open_mailbox(server)
    others = {uid: content for uid, content in CONTENT.items() if uid != bad}
    contents, causes = read(mailbox)
    assert contents == others
    assert list(causes) == [bad]
    assert not re.search(r"hunter2|b'|\[b|command error|=>|Traceback|None", causes[bad]), causes[bad]
    # The connection works: the others are marked; the withheld message alone remains, and is tried alone.
    mailbox.mark([str(uid) for uid in others], Disposition.POSTED)
    server.heard.clear()
    assert read(mailbox) == ({}, {bad: causes[bad]})
    assert not any(re.search(rf"UID FETCH \S*[:,]\S* .*{data}", line) for line in server.heard)
    assert mailbox.overview(None).unread == 1
    server.spoils.clear()
    assert read(mailbox) == ({bad: CONTENT[bad]}, {})


def test_two_spoiled_messages_are_found_in_turns(server: MessageServer) -> None:
    server.spoils = {2: SPOILS["silence"], 3: SPOILS["the end of the connection"]}
    mailbox = open_mailbox(server)
    contents, causes = read(mailbox)
    assert set(contents) == {1, 4}
    assert set(causes) <= {2, 3}
    mailbox.mark(["1", "4"], Disposition.POSTED)
    for _pass in range(2):
        causes |= read(mailbox)[1]
    assert set(causes) == {2, 3}


def test_messages_of_the_same_chunk_are_not_mixed(server: MessageServer) -> None:
    for by in range(-60, 200, 3):
        server.spoils = {2: resized(by), 4: lambda _uid, part: part + b"{tag} OK done\r\n{close}"}
        with suppress(MailboxFailed):
            for uid, content in read(open_mailbox(server, 0.1))[0].items():
                assert content == CONTENT[uid], by


def test_a_mailbox_that_gives_no_message_fails(server: MessageServer) -> None:
    server.spoils = dict.fromkeys(CONTENT, SPOILS["refused"])
    with pytest.raises(MailboxFailed) as raised:
        read(open_mailbox(server))
    assert raised.value.failure.code is Cause.OTHER_IMAP_ANSWER
    assert "cannot be read" in raised.value.failure.cause
    assert len([line for line in server.heard if line.startswith("UID FETCH")]) < 8


def test_a_message_removed_meanwhile_is_not_withheld(server: MessageServer) -> None:
    mailbox = open_mailbox(server)
    keys = mailbox.unread()
    del server.messages[2]
    assert [message.key for message in mailbox.fetch(keys, LARGEST)] == ["1", "3", "4"]


@pytest.mark.parametrize("refusal", [b"{tag} NO [LIMIT] Too many keywords\r\n", b"{tag} BAD Invalid flag $CatalogPosted\r\n"])
def test_a_refused_keyword_loses_only_the_keyword(server: MessageServer, refusal: bytes) -> None:
    answering(server, "STORE", lambda words: refusal if "$CatalogPosted)" in words else None)
    mailbox = open_mailbox(server)
    mailbox.mark(["1", "2"], Disposition.POSTED)
    assert server.seen == {1, 2}


@pytest.mark.parametrize("status", [b"NO", b"BAD"])
def test_a_message_that_cannot_be_marked_is_skipped(server: MessageServer, status: bytes) -> None:
    answering(server, "STORE", lambda words: b"{tag} " + status + b" locked\r\n" if covers(words[3], 2) else None)
    mailbox = open_mailbox(server)
    mailbox.mark(["1", "2", "3", "4"], Disposition.POSTED)
    assert server.seen == {1, 3, 4}
    assert list(mailbox.unread()) == ["2"]


def answering(server: MessageServer, command: str, answer: Callable[[list[str]], bytes | None]) -> None:
    """Let the server answer a UID command otherwise where `answer` is not None."""
    usual = server.answer_to

    def changed(words: list[str]) -> Any:
        other = answer(words) if words[1:3] == ["UID", command] else None
        return usual(words) if other is None else other

    server.answer_to = changed  # type: ignore[method-assign]


def covers(uids: str, uid: int) -> bool:
    """Return whether a UID set holds this UID."""
    ends = [part.split(":") for part in uids.split(",")]
    return any(int(found[0]) <= uid <= int(found[-1]) for found in ends)


# -- BAD where NO is expected -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [b"NO", b"BAD"])
@pytest.mark.parametrize(
    ("command", "action"),
    [
        ("LOGIN", None),
        ("SELECT", None),
        ("UID SEARCH", lambda mailbox: mailbox.unread()),
        ("UID STORE", lambda mailbox: mailbox.mark(["1"], Disposition.POSTED)),
        ("UID FETCH", lambda mailbox: list(mailbox.fetch(["1"], LARGEST))),
        ("NOOP", lambda mailbox: mailbox.unread()),
        ("CREATE", lambda mailbox: mailbox.archive(["1"])),
        ("UID COPY", lambda mailbox: mailbox.archive(["1"])),
    ],
)
def test_bad_is_treated_like_no(
    server: MessageServer, command: str, action: Callable[[ImapMailbox], Any] | None, status: bytes
) -> None:
    server.seen = {1}
    server.script |= {command: b"{tag} " + status + b" hunter2 is in maintenance\r\n"}
    if command == "CREATE":
        server.script["STATUS"] = b"{tag} NO [NONEXISTENT] none\r\n"
    if command == "NOOP":
        assert list(open_mailbox(server).unread()) == ["2", "3", "4"]
        return

    def act() -> None:
        mailbox = open_mailbox(server)
        if action:
            action(mailbox)

    with pytest.raises(MailboxFailed) as raised:
        act()
    cause = raised.value.failure.cause
    assert "(removed) is in maintenance" in cause
    assert not re.search(r"hunter2|b'|\[b|command error|BAD|imaplib|=>", cause)


# -- the whole service --------------------------------------------------------------------------------------------------


@pytest.fixture
def roundtrip(make_service: Callable[..., RunningService], sink: MailSink, server: MessageServer) -> RoundTrip:
    """Run a service that reads replies from the scripted server."""
    made = RoundTrip(make_service(), sink, None, "u")  # type: ignore[arg-type]  # no Dovecot
    for name in ("jane", "joe"):
        add_user(made.service, name)
    mailbox = {"host": "127.0.0.1", "port": server.port, "tls": "none", "username": "u", "password": "hunter2"}
    settings = {**through(sink.port), "interactions": interactions(mailbox, intent_tracking="message_id", sync_interval=10)}
    assert made.service.save(settings, test=False).status_code == 200
    return made


@pytest.mark.parametrize("spoil", ["refused", "nothing", "the end of the connection"])
def test_the_other_replies_are_posted(roundtrip: RoundTrip, server: MessageServer, spoil: str) -> None:
    conversation, mail = roundtrip.mention()
    server.messages = {uid: answer(mail, f"Answer {uid}.") for uid in range(1, 5)}
    server.spoils = {2: SPOILS[spoil]}
    with roundtrip.syncing():
        texts = [post["text"] for post in roundtrip.replies(conversation, 3)]
        assert texts == ["Answer 1.", "Answer 3.", "Answer 4."]
        wait_until(lambda: server.seen == {1, 3, 4}, "the others are not marked")
        wait_until(lambda: roundtrip.state()["workers"][0]["last_good_poll"], "the mailbox was not read")
        assert roundtrip.state()["workers"][0]["error"] is None
        server.spoils = {}
        assert roundtrip.replies(conversation, 4)[-1]["text"] == "Answer 2."


def test_a_message_that_is_never_given_is_set_aside(roundtrip: RoundTrip, server: MessageServer) -> None:
    conversation, mail = roundtrip.mention()
    server.messages = {uid: answer(mail, f"Answer {uid}.") for uid in (1, 2)}
    server.spoils = {1: SPOILS["refused"]}
    store = DatabaseReplies(make_engine(make_url(f"sqlite:///{roundtrip.service.database}")))
    for _ in range(MOST_UNREADABLE - 1):
        store.failed(Place("imap://u@127.0.0.1/INBOX", "7"), "1")
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["Answer 2."]
        wait_until(lambda: server.seen == {1, 2}, "the message is not set aside")
    assert roundtrip.state()["outcomes"]["quarantined"] == {"undecidable": 1}
    assert any("$CatalogQuarantined" in line for line in server.heard)
