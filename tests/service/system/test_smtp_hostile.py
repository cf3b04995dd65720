# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unusual and hostile SMTP servers: odd codes at every stage, replies without an end or out of step, old servers."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping

import pytest
from catalog_mail.adapters.smtp import SmtpSenders, conversation
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.failures.smtp import Attempt, Stage, answer_failure
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from helpers.service.smtp_script import REPLIES, ScriptedSmtpServer, scripted_smtp

MESSAGE = b"Subject: Hello\r\n\r\ntext\r\n"
STAGES = ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."]
WITHOUT_PLAIN_WORDS = [
    b"451\r\n", b"451 \r\n", b"451-\r\n451\r\n", b"451 \xfcber\xff \xe2\x80\xae\x1b[1m\r\n", b"250-no\r\n451 4.3.0 x\r\n",
]  # fmt: skip
OTHER_PROTOCOLS = [
    b"\r\n", b"what?\r\n", b"\x00\xff\xfe\r\n", b"25\r\n", b"999 x\r\n", b"x" * 9000 + b"\r\n", b"HTTP/1.1 400\r\n",
]  # fmt: skip
REFUSED_NAME = [b"550 5.7.1 Go away\r\n", b"421 4.7.0 Go away\r\n", b"554 no\r\n", b"504 5.5.2 need a full name\r\n"]


@pytest.fixture(params=[b"", b"250-PIPELINING\r\n"], ids=["one-by-one", "pipelining"])
def senders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpSenders]:
    """Senders to servers with and without PIPELINING."""
    monkeypatch.setitem(REPLIES, "EHLO", b"250-odd.test\r\n" + request.param + b"250 AUTH PLAIN LOGIN\r\n")
    made = SmtpSenders()
    yield made
    made.close()


def send(senders: SmtpSenders, server: ScriptedSmtpServer, *, login: bool = True, timeout: float = 5.0) -> str:
    name, password = ("app", "hunter2") if login else (None, None)
    to = SmtpServer("127.0.0.1", server.port, TLS.NONE, name, password, timeout)
    settings = SendingSettings(Transport.SMTP, "noreply@corp.test", "Data Catalog", to)
    return senders.sender(settings).send(MESSAGE, "noreply@corp.test", "alice@corp.test").response


def failure(senders: SmtpSenders, script: Mapping[str, bytes | list[bytes]], *, timeout: float = 5.0) -> Failure:
    with scripted_smtp(script) as server, pytest.raises(SendingFailed) as caught:
        send(senders, server, timeout=timeout)
    found = caught.value.failure
    assert not re.search(r"hunter2|AGFwcABodW50ZXIy|b'|Traceback|None|Error:|\.\.$", f"{found.cause} {found.remedy}"), found
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_421_at_any_stage_passes(senders: SmtpSenders, stage: str) -> None:
    for reply in (b"421 4.3.2 Shutting down\r\n{close}", b"421\r\n{close}", b"421-4.3.2 One\r\n421 4.3.2 Two\r\n{close}"):
        found = failure(senders, {stage: reply})
        assert (found.temporary, found.smtp_code) == (True, 421)
        assert found.field is None or stage != "AUTH", "the password is not at fault"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", WITHOUT_PLAIN_WORDS)
def test_a_reply_without_plain_words_is_read(senders: SmtpSenders, stage: str, reply: bytes) -> None:
    found = failure(senders, {stage: reply})
    assert (found.temporary, found.smtp_code) == (True, 451)
    assert found.cause.isprintable()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", OTHER_PROTOCOLS)
def test_a_reply_of_another_protocol_is_named(senders: SmtpSenders, stage: str, reply: bytes) -> None:
    found = failure(senders, {stage: reply})
    assert (found.code, found.smtp_code) in {(Cause.NOT_SMTP, None), (Cause.CONNECTION_LOST, None)}


@pytest.mark.parametrize("stage", STAGES)
def test_the_end_of_the_connection_at_any_stage(senders: SmtpSenders, stage: str) -> None:
    for reply in (b"{close}", b"250-half a reply\r\n{close}", b"25{close}"):
        found = failure(senders, {stage: reply})
        assert found.temporary or found.code is Cause.NOT_SMTP


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", [b"250-more\r\n{endless}", b"250 a line without an end{endless}"])
def test_a_reply_without_an_end_ends(senders: SmtpSenders, monkeypatch: pytest.MonkeyPatch, stage: str, reply: bytes) -> None:
    monkeypatch.setattr(conversation, "LONGEST_REPLY", 20_000)
    found = failure(senders, {stage: reply}, timeout=30)
    assert found.code in {Cause.CONNECTION_LOST, Cause.NOT_SMTP}


@pytest.mark.parametrize("code", ["500", "502"])
def test_a_server_that_knows_helo_only(senders: SmtpSenders, code: str) -> None:
    with scripted_smtp({"EHLO": f"{code} 5.5.1 Command unrecognized\r\n".encode()}) as server:
        assert send(senders, server, login=False) == "250 2.0.0 Taken"
        assert [line.split()[0].upper() for line in server.heard[:2]] == ["EHLO", "HELO"]
        with pytest.raises(SendingFailed, match="no login at all"):
            send(senders, server)


@pytest.mark.parametrize("reply", REFUSED_NAME)
def test_a_refused_name_is_not_tried_by_helo(senders: SmtpSenders, reply: bytes) -> None:
    with scripted_smtp({"EHLO": reply}) as server, pytest.raises(SendingFailed):
        send(senders, server)
    assert not any(line.lower().startswith("helo") for line in server.heard)


def test_a_login_without_an_initial_response(senders: SmtpSenders) -> None:
    with scripted_smtp({"AUTH": b"334 \r\n", "AGFWCABODW50ZXIY": b"235 2.7.0 Ok\r\n"}) as server:
        assert send(senders, server) == "250 2.0.0 Taken"


@pytest.mark.parametrize("reply", [b"504 5.7.4 Unrecognized authentication type\r\n", b"501 5.5.4 Syntax\r\n", b"502 what\r\n"])
def test_a_mechanism_that_does_not_work_is_left_out(senders: SmtpSenders, reply: bytes) -> None:
    name, password = (base64.b64encode(word).decode().upper() for word in (b"app", b"hunter2"))
    script = {"AUTH": [reply, b"334 VXNlcm5hbWU6\r\n"], name: b"334 UGFzc3dvcmQ6\r\n", password: b"235 Ok\r\n"}
    with scripted_smtp(script) as server:
        assert send(senders, server) == "250 2.0.0 Taken"
        assert [line.split()[1] for line in server.heard if line.startswith("AUTH")] == ["PLAIN", "LOGIN"]


def test_a_wrong_password_is_tried_once(senders: SmtpSenders) -> None:
    with scripted_smtp({"AUTH": b"535 5.7.8 no\r\n{close}"}) as server, pytest.raises(SendingFailed):
        send(senders, server)
    assert sum(line.startswith("AUTH") for line in server.heard) == 1


OUT_OF_STEP = [
    {"DATA": b"250 Ok\r\n"}, {"MAIL": b"354 go on\r\n"}, {"RCPT": b"334 \r\n"}, {"EHLO": b"150 wait\r\n"}, {".": b"354 more\r\n"},
    {"MAIL": b"250 Ok\r\n250 Ok\r\n"}, {"RCPT": b"250 Ok\r\n250 Ok\r\n"}, {"": b"220 odd\r\n220 odd\r\n"},
    {"AUTH": b"235 Ok\r\n250 Ok\r\n"},
]  # fmt: skip


@pytest.mark.parametrize("script", OUT_OF_STEP, ids=range(len(OUT_OF_STEP)))
def test_an_answer_out_of_step_is_no_success(senders: SmtpSenders, script: dict[str, bytes]) -> None:
    with scripted_smtp(script) as server:
        with pytest.raises(SendingFailed) as caught:
            send(senders, server)
        assert caught.value.failure.temporary or caught.value.failure.code is Cause.NOT_SMTP
        assert "." in script or not server.taken
        server.script.clear()
        assert send(senders, server) == "250 2.0.0 Taken"
        assert server.connections == 2, "the session is not used again"


@pytest.mark.parametrize("reply", [b"251 2.1.5 Forwarded\r\n", b"252 2.1.5 Unverified\r\n", b"200 fine\r\n"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "."])
def test_any_positive_reply_is_taken(senders: SmtpSenders, stage: str, reply: bytes) -> None:
    with scripted_smtp({stage: reply}) as server:
        assert send(senders, server)
        assert len(server.taken) == 1


# Replies to MAIL, RCPT and DATA that a server with PIPELINING gives to one message, and the stage and code that count.
REFUSED_TOGETHER = [
    ({"MAIL": b"550 5.1.7 no\r\n", "RCPT": b"503 MAIL first\r\n", "DATA": b"503 RCPT first\r\n"}, Stage.SENDER, 550, True),
    ({"RCPT": b"450 4.2.0 later\r\n", "DATA": b"554 5.5.1 no valid recipients\r\n"}, Stage.RECIPIENT, 450, True),
    ({"DATA": b"452 4.3.1 full\r\n"}, Stage.CONTENT, 452, True),
    # RFC 2920, 3.1: a server may take DATA without a recipient. Nothing is sent to it, not even an empty message.
    ({"RCPT": b"550 5.1.1 no\r\n"}, Stage.RECIPIENT, 550, False),
    ({"MAIL": b"451 4.3.0 later\r\n"}, Stage.SENDER, 451, False),
    ({"MAIL": b"550 5.7.1 no\r\n", "RCPT": b"421 4.7.0 closing\r\n{close}"}, Stage.SENDER, 550, False),
    ({"RCPT": b"550 5.1.1 no\r\n", "DATA": b"what?\r\n"}, Stage.RECIPIENT, 550, False),
]


@pytest.mark.parametrize(("script", "stage", "code", "kept"), REFUSED_TOGETHER, ids=range(len(REFUSED_TOGETHER)))
def test_the_first_refusal_of_commands_sent_together(script: dict[str, bytes], stage: Stage, code: int, kept: bool) -> None:
    senders = SmtpSenders()
    with scripted_smtp({"EHLO": b"250-odd.test\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN\r\n", **script}) as server:
        with pytest.raises(SendingFailed) as caught:
            send(senders, server)
        found, to = caught.value.failure, SmtpServer("127.0.0.1", server.port, TLS.NONE)
        attempt = Attempt(to, "noreply@corp.test", "alice@corp.test")
        assert found.smtp_code == code
        assert found.cause == answer_failure(stage, code, found.smtp_text or "", attempt).cause
        assert server.taken == []
        for name in script:
            del server.script[name]
        assert send(senders, server) == "250 2.0.0 Taken"
        assert (len(server.taken), server.connections) == (1, 1 if kept else 2)
    senders.close()
