# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that end a session after a number of messages: the next message arrives at once, once, on a new session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from catalog_mail.adapters.smtp import SmtpSenders
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from helpers.service import session_limit
from helpers.service.session_limit import BETWEEN, CONTENT, DATA, END, MAIL, RCPT, UNANSWERED, LimitedServer
from helpers.waiting import PATIENCE

MANY = 35
LIMIT = 10
# Answers by which servers end a session, with the stage at which they are given, and whether the connection is closed then.
LIMITS: list[tuple[str, str, bool]] = [
    (MAIL, "421 4.4.2 Message submission rate for this client has exceeded the configured limit", True),
    (MAIL, "421 4.5.0 Too many messages in this session", True),
    (MAIL, "421 4.7.0 mail.test Error: too many messages", True),
    (MAIL, "421 too many messages in this connection", True),  # Exim: smtp_accept_max_per_connection
    (MAIL, "421 4.3.2 Service not available, closing transmission channel", False),
    (MAIL, "450 4.7.1 Error: too much mail from 192.0.2.7", False),  # Postfix: smtpd_client_message_rate_limit
    (MAIL, "451 4.3.0 Too many transactions on this connection", False),
    (MAIL, "452 4.3.2 Connection rate limit exceeded", False),
    (MAIL, "454 4.7.0 Too many messages, reconnect", False),
    (MAIL, "503 5.5.0 Too many messages on this connection", False),
    (MAIL, "550 5.7.0 Session limit reached", True),
    (RCPT, "421 4.7.0 Try again on a new connection", True),
    (RCPT, "450 4.2.1 Receiving mail at a rate that prevents additional messages", False),
    (RCPT, "451 4.7.1 Please try again later", False),
    (RCPT, "452 4.5.3 Too many recipients", False),  # of all messages of a session
    (RCPT, "452 Too many recipients received this hour", False),
    (RCPT, "550 5.4.5 Session limit reached", False),
    (DATA, "421 4.7.0 Too many messages", True),
    (DATA, "451 4.3.0 Too many messages", False),
    (DATA, "452 4.4.5 Maximum number of messages per session", False),
    (DATA, "554 5.7.0 Too many messages", False),
    (END, "421 4.3.0 Too many messages", True),
    (END, "451 4.7.500 Server busy", False),
    (END, "452 4.3.1 Insufficient system resources", False),
    (END, "554 5.3.0 Too many messages in one session", True),
    (BETWEEN, "", True),
]


def settings(port: int, **server: Any) -> SendingSettings:
    smtp = SmtpServer("127.0.0.1", port, TLS.NONE, **{"timeout": round(PATIENCE), **server})
    return SendingSettings(Transport.SMTP, "noreply@corp.test", "Data Catalog", smtp)


def message(number: int) -> bytes:
    return f"Subject: {number}\r\n\r\n.text\r\n".encode()


@pytest.fixture(params=[session_limit.EXTENSIONS, session_limit.WITH_PIPELINING], ids=["one-by-one", "pipelining"])
def senders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpSenders]:
    """Senders to servers with and without PIPELINING."""
    monkeypatch.setattr(session_limit, "EXTENSIONS", request.param)
    made = SmtpSenders()
    yield made
    made.close()


def send(senders: SmtpSenders, to: SendingSettings, content: bytes) -> None:
    senders.sender(to).send(content, to.from_address, "alice@corp.test")


def failure(senders: SmtpSenders, to: SendingSettings, content: bytes) -> Failure:
    with pytest.raises(SendingFailed) as caught:
        send(senders, to, content)
    return caught.value.failure


@pytest.mark.parametrize("stage, answer, closes", LIMITS)
def test_a_full_session_delays_no_message(senders: SmtpSenders, stage: str, answer: str, closes: bool) -> None:
    with LimitedServer(LIMIT, stage, answer, closes).running() as server:
        to = settings(server.port)
        for number in range(MANY):
            send(senders, to, message(number))
        assert server.taken == [message(number) for number in range(MANY)], "each once, in order"
        assert server.connections == 4


@pytest.mark.parametrize(
    "answer, refusals",
    [
        ("452 4.4.5 Maximum number of messages per session", 1),
        ("421 4.4.5 Too many messages", 1),
        # These name another reason than the number of messages.
        ("421 4.4.2 timeout exceeded", 3),
        ("421 4.3.2 The server shuts down", 3),
        ("421 idle for too long", 3),
    ],
)
def test_the_limit_of_a_session_is_remembered(senders: SmtpSenders, answer: str, refusals: int) -> None:
    with LimitedServer(LIMIT, MAIL, answer).running() as server:
        to = settings(server.port)
        for number in range(MANY):
            send(senders, to, message(number))
        assert (server.refusals, server.connections) == (refusals, 4)
        other = settings(server.port, timeout=17)  # other settings of the same server
        for number in range(MANY):
            send(senders, other, message(number))
        assert server.refusals == refusals * (2 if refusals > 1 else 1)


def test_a_refusal_on_a_new_session_counts_at_once(senders: SmtpSenders) -> None:
    with LimitedServer(0, RCPT, "451 4.3.0 Try again later").running() as server:
        found = failure(senders, settings(server.port), message(1))
        assert (found.smtp_code, found.temporary, server.refusals) == (451, True, 1)


@pytest.mark.parametrize("stage", [MAIL, RCPT, DATA, END])
@pytest.mark.parametrize("answer", ["451 4.3.0 Not now", "550 5.7.1 Not you", "421 4.3.0 Closing"])
def test_a_refusal_by_two_sessions_counts(senders: SmtpSenders, stage: str, answer: str) -> None:
    with LimitedServer(1, stage, answer, answer.startswith("421")).running() as server:
        to = settings(server.port)
        send(senders, to, message(1))
        server.limit = 0  # from now on the server refuses every message
        found = failure(senders, to, message(2))
        assert (found.smtp_code, found.smtp_text) == (int(answer[:3]), answer[4:])
        assert (server.refusals, server.connections) == (2, 2), "tried once more, not more often"
        server.limit = 5
        send(senders, to, message(3))
        assert server.taken == [message(1), message(3)]


def test_a_message_that_may_have_arrived_is_not_sent_again(senders: SmtpSenders) -> None:
    with LimitedServer(LIMIT, UNANSWERED).running() as server:
        to = settings(server.port)
        for number in range(LIMIT):
            send(senders, to, message(number))
        found = failure(senders, to, message(LIMIT))
        assert (found.code, found.temporary) == (Cause.CONNECTION_LOST, True)
        assert len(server.taken) == LIMIT + 1, "the server has it, and its answer was lost"


@pytest.mark.parametrize("answer", ["200 Fine", "299 Taken", "251 2.0.0 Forwarded", "300 More?", "100 Hm"])
def test_an_unusual_answer_is_not_taken_for_a_refusal(senders: SmtpSenders, answer: str) -> None:
    with LimitedServer(1, END, answer).running() as server:
        to = settings(server.port)
        send(senders, to, message(1))
        if answer.startswith("2"):
            send(senders, to, message(2))
        else:
            failure(senders, to, message(2))
        assert server.refusals == 1, "the message was handed over once"


def test_a_connection_lost_within_a_message_is_replaced(senders: SmtpSenders) -> None:
    long = message(2) + b"a line of text\r\n" * 2_000_000
    with LimitedServer(1, CONTENT).running() as server:
        to = settings(server.port)
        send(senders, to, message(1))
        send(senders, to, long)
        assert (len(server.taken), server.connections) == (2, 2)


def test_a_session_that_rset_ends_is_not_used_again(senders: SmtpSenders) -> None:
    with LimitedServer(LIMIT, BETWEEN, first_refused=1).running() as server:
        to = settings(server.port)
        assert failure(senders, to, message(1)).smtp_code == 550
        send(senders, to, message(2))
        assert (server.taken, server.connections) == ([message(2)], 2)


def test_a_server_that_takes_one_message_a_session(senders: SmtpSenders) -> None:
    with LimitedServer(1, session_limit.DATA, "452 4.4.5 One message per session").running() as server:
        to = settings(server.port)
        for number in range(5):
            send(senders, to, message(number))
        assert (len(server.taken), server.refusals, server.connections) == (5, 1, 5)
