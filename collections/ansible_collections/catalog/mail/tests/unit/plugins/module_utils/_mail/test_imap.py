# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A search leaves a mailbox unchanged, and no parameter can become another command.

What Dovecot does is tested in the lab; here stand the servers that are not like it.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.connection import Server, StageFailed
from ansible_collections.catalog.mail.plugins.module_utils._mail.imap import Mailbox
from ansible_collections.catalog.mail.plugins.module_utils._mail.message import compose

LETTER = compose("noreply@c.test", "alice@m.test", "0123abcd", "host", datetime(2026, 6, 1, tzinfo=UTC))
HEADERS = b"Received: by m.test with LMTP; Mon, 1 Jun 2026 10:00:00 +0000\r\nSubject: x\r\n\r\n"
PASSWORD = 'p:#$x{y}%\'"\\\u00e9; A1 LOGOUT'


class Imap:
    """The replies of a server. `holds` is the folder with the message, in the server's bytes."""

    def __init__(self, capabilities=b"IMAP4rev1 AUTH=PLAIN", folders=(), holds=b'"INBOX"', replies=None):
        self.capabilities = capabilities
        self.folders = folders
        self.holds = holds
        self.replies = replies or {}
        self.login = None
        self.opened = b""

    def __call__(self, line):
        if self.login is not None:
            tag, self.login = self.login, None
            return tag + b" OK welcome\r\n"
        tag, _space, command = line.partition(b" ")
        for beginning, reply in self.replies.items():
            if command.startswith(beginning):
                return reply and reply.replace(b"TAG", tag)
        return self.answer(tag, command) + tag + b" OK done\r\n" if self.login is None else b"+ \r\n"

    def answer(self, tag, command):
        if command.startswith(b"CAPABILITY"):
            return b"* CAPABILITY " + self.capabilities + b"\r\n"
        if command.startswith(b"AUTHENTICATE"):
            self.login = tag
        if command.startswith(b"LIST"):
            return b"".join(b"* LIST " + folder + b"\r\n" for folder in self.folders)
        if command.startswith(b"EXAMINE"):
            self.opened = command.partition(b" ")[2]
            return b"* 1 EXISTS\r\n"
        if command.startswith(b"UID SEARCH"):
            return b"* SEARCH 7\r\n" if self.opened == self.holds else b"* SEARCH\r\n"
        if command.startswith(b"UID FETCH"):
            return b"* 1 FETCH (UID 7 BODY[HEADER]<0> {%d}\r\n%b)\r\n" % (len(HEADERS), HEADERS)
        return b""


class Authenticating(Imap):
    """As `Imap`, but the answer to AUTHENTICATE waits for the login."""

    def __call__(self, line):
        tag, _space, command = line.partition(b" ")
        if self.login is None and command.startswith(b"AUTHENTICATE"):
            self.login = tag
            return b"+ \r\n"
        return super().__call__(line)


def opened(imap_server, password=PASSWORD, username="alice@m.test", timeout=5):
    return Mailbox(Server("127.0.0.1", imap_server.port, "none", username, password, None, timeout))


def test_the_message_is_found_and_nothing_is_marked(line_server):
    imap = line_server(b"* OK hello\r\n", Authenticating())
    mailbox = opened(imap)
    found = mailbox.find(LETTER)
    mailbox.close()
    assert (found.folder, found.junk) == ("INBOX", False)
    assert found.values("received") == ["by m.test with LMTP; Mon, 1 Jun 2026 10:00:00 +0000"]
    said = b"\n".join(imap.heard)
    assert base64.b64encode(f"\0alice@m.test\0{PASSWORD}".encode()) in said
    assert b"SELECT" not in said
    assert b"STORE" not in said
    assert said.count(b"BODY") == said.count(b"BODY.PEEK[HEADER]") == 1


def test_nothing_is_found_where_nothing_is(line_server):
    mailbox = opened(line_server(b"* OK hello\r\n", Authenticating(holds=b"nowhere")))
    assert mailbox.find(LETTER) is None
    assert mailbox.find(LETTER) is None


@pytest.mark.parametrize(
    ("folder", "holds", "shown"),
    [
        (rb'(\Junk) "/" "Junk &- <\"odd\"> \\"', rb'"Junk &- <\"odd\"> \\"', 'Junk & <"odd"> \\'),
        (rb'() "." "INBOX.&AFM-pam"', rb'"INBOX.&AFM-pam"', "INBOX.Spam"),
        (b'(\\Junk) "/" {7}\r\n&ANw-"x', b'"&ANw-\\"x"', '\u00dc"x'),
        (b'(\\Junk) "/" "\xc3\x9cbel"', b'"\xc3\x9cbel"', "\u00dcbel"),
    ],
    ids=["quotes", "modified UTF-7", "literal", "plain UTF-8"],
)
def test_a_folder_for_spam_may_have_any_name(line_server, folder, holds, shown):
    imap = line_server(b"* OK hello\r\n", Authenticating(folders=[folder], holds=holds))
    found = opened(imap).find(LETTER)
    assert (found.folder, found.junk) == (shown, True)


def test_special_use_is_requested_when_the_server_supports_it(line_server):
    capabilities = b"IMAP4rev1 AUTH=PLAIN LIST-EXTENDED SPECIAL-USE"
    imap = line_server(b"* OK hello\r\n", Authenticating(capabilities, [rb'(\Junk) "/" Ramsch'], b'"Ramsch"'))
    assert opened(imap).find(LETTER).folder == "Ramsch"
    assert any(line.endswith(b'LIST "" "*" RETURN (SPECIAL-USE)') for line in imap.heard)


def test_a_folder_that_cannot_be_opened_is_skipped(line_server):
    refusal = {b'EXAMINE "INBOX"': b"TAG NO not today\r\n"}
    imap = line_server(
        b"* OK hello\r\n", Authenticating(folders=[b'() "/" Spam'], holds=b'"Spam"', replies=refusal))
    assert opened(imap).find(LETTER).folder == "Spam"


def test_login_quotes_both_words(line_server):
    imap = line_server(b"* OK hello\r\n", Imap(b"IMAP4rev1"))
    opened(imap, username='al "ice\\')
    assert imap.heard[1].partition(b" ")[2] == (
        'LOGIN "al \\"ice\\\\" "p:#$x{y}%\'\\"\\\\\u00e9; A1 LOGOUT"'.encode()
    )


@pytest.mark.parametrize("word", ["a\r\nA1 DELETE INBOX", "a\nb", "a\0b"])
def test_a_line_break_never_reaches_the_server(line_server, word):
    imap = line_server(b"* OK hello\r\n", Imap(b"IMAP4rev1"))
    for username, password in ((word, "x"), ("x", word)):
        with pytest.raises(StageFailed) as failed:
            opened(imap, password, username)
        assert failed.value.stage == "mailbox_login"
    assert not [line for line in imap.heard if b"DELETE" in line or b"LOGIN" in line]


ECHO = b"TAG BAD cannot parse: LOGIN alice@m.test " + 'p:#$x{y}%\'\\"\\\\\u00e9; A1 LOGOUT'.encode() + b"\r\n"
FAILURES = [
    # case, greeting, server, stage, words
    ("login refused", b"* OK hello\r\n",
     Imap(b"IMAP4rev1", replies={b"LOGIN": b"TAG NO [AUTHENTICATIONFAILED] no\r\n"}),
     "mailbox_login", "[AUTHENTICATIONFAILED] no"),
    ("login refused, SASL", b"* OK hello\r\n",
     Imap(replies={b"AUTHENTICATE": b"TAG NO [AUTHENTICATIONFAILED] no\r\n"}),
     "mailbox_login", "[AUTHENTICATIONFAILED] no"),
    ("a server that quotes the password", b"* OK hello\r\n", Imap(b"IMAP4rev1", replies={b"LOGIN": ECHO}),
     "mailbox_login", "********"),
    ("no login in clear", b"* OK hello\r\n", Imap(b"IMAP4rev1 STARTTLS LOGINDISABLED"),
     "mailbox_login", "LOGINDISABLED"),
    ("a server that is full", b"* BYE too many connections\r\n", Imap(), "mailbox_connect", "too many connections"),
    ("a server of another kind", b"220 m.test ESMTP\r\n", Imap(), "mailbox_connect", "no greeting"),
    ("a silent server", b"", Imap(), "mailbox_connect", "no greeting: timed out"),
    ("a server that hangs up", b"* OK hello\r\n", Imap(replies={b"AUTHENTICATE": None}), "mailbox_login", "EOF"),
]


@pytest.mark.parametrize(
    ("greeting", "answer", "stage", "words"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_a_failed_stage_is_reported_with_the_servers_words(line_server, greeting, answer, stage, words):
    with pytest.raises(StageFailed) as failed:
        opened(line_server(greeting, answer), timeout=1)
    assert failed.value.stage == stage
    assert words in failed.value.words
    assert "$x{y}" not in str(failed.value)


def test_missing_starttls_is_a_failure(line_server):
    imap = line_server(b"* OK hello\r\n", Authenticating())
    with pytest.raises(StageFailed, match="does not offer STARTTLS") as failed:
        Mailbox(Server("127.0.0.1", imap.port, "starttls", "a", "b", None, 5))
    assert failed.value.stage == "mailbox_connect"
    assert not [line for line in imap.heard if b"AUTHENTICATE" in line]


def test_a_connection_lost_during_the_search_is_reported(line_server):
    mailbox = opened(line_server(b"* OK hello\r\n", Authenticating(replies={b"UID SEARCH": None})))
    with pytest.raises(StageFailed) as failed:
        mailbox.find(LETTER)
    assert failed.value.stage == "mailbox"
    mailbox.close()
