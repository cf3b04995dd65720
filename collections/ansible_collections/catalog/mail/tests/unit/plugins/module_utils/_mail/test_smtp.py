# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message is submitted, or the failed stage is reported with the server's words.

What a real server does is tested in the lab; here stand the replies that none gives on demand.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._mail.connection import SMTP_PORTS, Server, StageFailed, server
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import diagnose
from ansible_collections.catalog.mail.plugins.module_utils._mail.message import compose
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp import by_sendmail, by_smtp

LETTER = compose("noreply@c.test", "alice@m.test", "0123abcd", "host", datetime(2026, 6, 1, tzinfo=UTC))
USER = "catalog@m.test"
PASSWORD = "p:#$x{y}%'\"\\\u00e9; \udcff"
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode("utf-8", "surrogateescape"))


def settings(port, username=USER, password=PASSWORD, timeout=5):
    return Server("127.0.0.1", port, "none", username, password, None, timeout)


class Smtp:
    """The replies of a server; `refusals` maps the beginning of a line to another reply."""

    def __init__(self, extensions=b"AUTH PLAIN LOGIN", refusals=None):
        self.extensions = extensions
        self.refusals = refusals or {}
        self.in_data = False

    def __call__(self, line):
        if self.in_data:
            self.in_data = line != b"."
            return b"" if self.in_data else self.refusals.get(b".", b"250 2.0.0 queued as X\r\n")
        for beginning, reply in self.refusals.items():
            if line.upper().startswith(beginning):
                return reply
        self.in_data = line.upper() == b"DATA"
        if line.upper().startswith(b"EHLO"):
            return b"250-m.test\r\n250 " + self.extensions + b"\r\n"
        return b"354 go on\r\n" if self.in_data else b"250 2.0.0 Ok\r\n"


def test_a_message_is_handed_over(line_server):
    smtp = line_server(b"220 m.test\r\n", Smtp(extensions=b"DSN", refusals={}))
    assert by_smtp(settings(smtp.port, None, None), LETTER) == ("250 2.0.0 queued as X", None)
    assert b"mail FROM:<noreply@c.test>" in smtp.heard
    assert b"rcpt TO:<alice@m.test> NOTIFY=NEVER" in smtp.heard
    assert f"Message-ID: {LETTER.message_id}".encode() in smtp.heard
    assert not [line for line in smtp.heard if line.upper().startswith(b"AUTH")]


def test_a_password_of_any_character_travels_as_utf8(line_server):
    smtp = line_server(b"220 m.test\r\n", Smtp(refusals={b"AUTH": b"235 2.7.0 welcome\r\n"}))
    by_smtp(settings(smtp.port), LETTER)
    assert b"AUTH PLAIN " + PLAIN in smtp.heard


def test_login_is_used_where_plain_is_not_offered(line_server):
    answer = base64.b64encode(PASSWORD.encode("utf-8", "surrogateescape"))
    steps = {b"AUTH LOGIN": b"334 UGFzc3dvcmQ6\r\n", answer.upper(): b"235 2.7.0 welcome\r\n"}
    smtp = line_server(b"220 m.test\r\n", Smtp(b"AUTH LOGIN NTLM", steps))
    assert by_smtp(settings(smtp.port), LETTER).reply.startswith("250")
    assert b"AUTH LOGIN " + base64.b64encode(USER.encode()) in smtp.heard


REFUSALS = [
    # case, extensions, refusals, stage, words
    ("EHLO", b"X", {b"EHLO": b"554 no\r\n", b"HELO": b"554 no\r\n"}, "connect", "554 no"),
    ("no login offered", b"SIZE", {}, "login", "the server does not offer a login (no AUTH after EHLO)"),
    ("a login only after STARTTLS", b"STARTTLS", {}, "login", "starttls is required"),
    ("no method in common", b"AUTH GSSAPI NTLM", {}, "login", "none of the login methods is PLAIN or LOGIN: GSSAPI"),
    ("a wrong password", b"AUTH PLAIN", {b"AUTH": b"535-5.7.8 no\r\n535 5.7.8 never\r\n"}, "login",
     "535 5.7.8 no 5.7.8 never"),
    ("the sender", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b"MAIL": b"553 5.7.1 not yours\r\n"}, "submit",
     "553 5.7.1 not yours (in reply to MAIL FROM command)"),
    ("the recipient", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b"RCPT": b"450 4.7.1 later\r\n"}, "submit",
     "450 4.7.1 later (in reply to RCPT TO command)"),
    ("the wish to send", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b"DATA": b"451 no room\r\n"},
     "submit", "451 no room"),
    ("the message", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b".": b"554 5.7.1 spam\r\n"}, "submit",
     "554 5.7.1 spam (in reply to end of DATA command)"),
    ("everything, by hanging up", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b"RCPT": None}, "submit",
     "Connection unexpectedly closed"),
    ("the protocol", b"AUTH PLAIN", {b"AUTH": b"235 ok\r\n", b"MAIL": b"hello\r\n"}, "submit", "-1"),
    ("the login, quoting it", b"AUTH PLAIN", {b"AUTH": b"501 bad: AUTH PLAIN " + PLAIN + b"\r\n"}, "login",
     "501 bad: AUTH PLAIN ********"),
]


@pytest.mark.parametrize(
    ("extensions", "refusals", "stage", "words"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_a_refused_stage_is_reported_with_the_servers_words(line_server, extensions, refusals, stage, words):
    smtp = line_server(b"220 m.test\r\n", Smtp(extensions, refusals))
    with pytest.raises(StageFailed) as failed:
        by_smtp(settings(smtp.port), LETTER)
    assert failed.value.stage == stage
    assert words in failed.value.words
    assert PLAIN.decode() not in str(failed.value)
    assert failed.value.__cause__ is None or failed.value.__suppress_context__


@pytest.mark.parametrize(
    ("greeting", "words"),
    [(b"554 5.7.1 not you\r\n", "554 5.7.1 not you"), (b"", "no greeting: Connection unexpectedly closed: timed out")],
)
def test_a_missing_greeting_is_a_failed_connection(line_server, greeting, words):
    smtp = line_server(greeting, Smtp())
    with pytest.raises(StageFailed) as failed:
        by_smtp(settings(smtp.port, timeout=1), LETTER)
    assert (failed.value.stage, failed.value.words) == ("connect", words)


@pytest.mark.parametrize(
    ("reply", "temporary"),
    [(b"454 4.7.0 TLS not available due to local problem\r\n", True), (b"502 5.5.1 Error: command not implemented\r\n", False)],
)
def test_a_refusal_of_starttls_keeps_the_servers_words(line_server, reply, temporary):
    smtp = line_server(b"220 m.test\r\n", Smtp(b"STARTTLS", {b"STARTTLS": reply}))
    with pytest.raises(StageFailed) as failed:
        by_smtp(replace(settings(smtp.port), tls="starttls"), LETTER)
    assert failed.value.words == f"{reply.decode().strip()} (in reply to STARTTLS command)"
    finding = diagnose(failed.value.words, failed.value.stage)
    assert (finding.name, finding.temporary) == ("tls_not_offered", temporary)


class Host:
    """A module object that records commands and returns given results."""

    def __init__(self, paths, code=0, err=""):
        self.paths = paths
        self.answer = (code, "", err)
        self.calls = []

    def get_bin_path(self, name, opt_dirs=None):
        return self.paths.get(name)

    def run_command(self, command, **how):
        self.calls.append((command, how))
        return self.answer


def test_sendmail_gets_addresses_as_arguments():
    host = Host({"sendmail": "/usr/sbin/sendmail", "postqueue": "/usr/sbin/postqueue"})
    by_sendmail(host, LETTER, "/etc/postfix")
    ((command, how),) = host.calls
    assert command == ["/usr/sbin/sendmail", "-N", "never", "-i", "-f", "noreply@c.test", "--", "alice@m.test"]
    assert how["data"] == LETTER.content.replace(b"\r\n", b"\n")
    assert how["binary_data"] is True


def test_only_sendmail_of_postfix_gets_options_of_postfix():
    host = Host({"sendmail": "/usr/lib/sendmail"})
    by_sendmail(host, LETTER, "/etc/postfix-out")
    assert host.calls[0][0][:4] == ["/usr/lib/sendmail", "-C", "/etc/postfix-out", "-i"]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (Host({}), "sendmail: command not found"),
        (Host({"sendmail": "/s"}, 75, "sendmail: fatal: open main.cf:\n No such file\n"),
         "sendmail: fatal: open main.cf: No such file"),
        (Host({"sendmail": "/s"}, 69), "sendmail ended with code 69 and said nothing"),
    ],
    ids=["missing", "failing", "silent"],
)
def test_a_failure_of_sendmail_is_reported(host, words):
    with pytest.raises(StageFailed) as failed:
        by_sendmail(host, LETTER, "/etc/postfix")
    assert (failed.value.stage, failed.value.words) == ("submit", words)


GIVEN = {"host": "m.test", "port": None, "tls": "starttls", "username": None, "password": None, "ca_file": None}


@pytest.mark.parametrize(("tls", "port"), [("none", 25), ("starttls", 587), ("implicit", 465)])
def test_the_port_follows_the_tls_mode(tls, port):
    assert server("smtp", {**GIVEN, "tls": tls}, SMTP_PORTS, 30).port == port


def test_an_address_in_brackets_is_taken():
    assert server("smtp", {**GIVEN, "host": "[::1]"}, SMTP_PORTS, 30).host == "::1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": " "}, "smtp.host"),
        ({"host": "a\r\nb"}, "smtp.host"),
        ({"port": 0}, "smtp.port"),
        ({"port": 65536}, "smtp.port"),
        ({"timeout": 0}, "smtp.timeout"),
        ({"ca_file": "/no/such/file"}, "smtp.ca_file"),
        ({"ca_file": "/etc/hosts", "tls": "none"}, "smtp.ca_file"),
        ({"username": "a\nb", "password": "x"}, "smtp.username"),
        ({"username": "a", "password": "top\r\nsecret"}, "smtp.password"),
        ({"username": "a", "password": "top\0secret"}, "smtp.password"),
    ],
)
def test_settings_that_cannot_work_are_refused(change, field):
    change = dict(change)
    timeout = change.pop("timeout", 30)
    with pytest.raises(InputRefused) as refused:
        server("smtp", {**GIVEN, **change}, SMTP_PORTS, timeout)
    assert refused.value.details["field"] == field
    assert "secret" not in str(refused.value)


def test_settings_do_not_show_their_password():
    assert PASSWORD not in repr(settings(25))


def test_a_file_that_holds_no_certificate_is_refused(line_server, tmp_path):
    path = tmp_path / "ca.crt"
    path.write_text("nothing")
    with pytest.raises(InputRefused, match="cannot be read as certificates"):
        by_smtp(Server("127.0.0.1", 1, "starttls", None, None, str(path), 5), LETTER)
