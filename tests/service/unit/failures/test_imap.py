# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure reported for each error and each response of an IMAP server."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace

import pytest
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.connection import authorities_unreadable, network_failure, tls_not_offered
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.imap import Stage, answer_failure, peer
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from hypothesis import given
from hypothesis import strategies as st

SERVER = ImapServer(
    "imap.corp.test", 993, TLS.IMPLICIT, "replies@corp.test", "hunter2-in-a-test", "INBOX", "Archive", "/etc/ca.pem"
)
STARTTLS = ImapServer("imap.corp.test", 143, TLS.STARTTLS, "replies@corp.test", "hunter2-in-a-test")
IMAP = "interactions.imap"


def assert_complete(failure: Failure) -> None:
    """Assert the properties of every failure."""
    for sentence in (failure.cause, failure.remedy):
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        assert "hunter2" not in sentence
    assert failure.smtp_code is None
    assert failure.field is None or failure.field.startswith(IMAP)


@pytest.mark.parametrize(
    ("error", "stage", "cause", "field"),
    [
        (socket.gaierror(socket.EAI_NONAME, "not known"), Stage.CONNECT, Cause.NAME_NOT_FOUND, "host"),
        (ConnectionRefusedError(111, "refused"), Stage.CONNECT, Cause.CONNECTION_REFUSED, "port"),
        (OSError(113, "No route to host"), Stage.CONNECT, Cause.UNREACHABLE, "host"),
        *((TimeoutError(), stage, Cause.TIMED_OUT, "port") for stage in Stage),
        (ConnectionResetError(104, "reset by peer"), Stage.WAIT, Cause.CONNECTION_LOST, "host"),
    ],
)
def test_an_error_of_the_network_names_a_setting_of_the_mailbox(error: Exception, stage: Stage, cause: Cause, field: str) -> None:
    for server in (SERVER, STARTTLS):
        failure = network_failure(error, stage, peer(server))
        assert_complete(failure)
        assert (failure.code, failure.field, failure.temporary) == (cause, f"{IMAP}.{field}", True)
        assert "raise the timeout" not in failure.remedy  # no setting with this name


def test_remedies_name_the_ports_of_imap() -> None:
    plain = ssl.SSLError(1, "wrong")
    plain.reason = "WRONG_VERSION_NUMBER"
    assert "(993)" in network_failure(plain, Stage.TLS, peer(SERVER)).remedy
    assert "(993)" in tls_not_offered(peer(STARTTLS)).remedy
    assert "'implicit'" in network_failure(TimeoutError(), Stage.GREETING, peer(STARTTLS)).remedy


ANSWERS = [
    # stage, answer, mailbox, cause, field, temporary
    (Stage.GREETING, "Too many connections", None, Cause.OTHER_IMAP_ANSWER, None, True),
    (Stage.LOGIN, "[AUTHENTICATIONFAILED] Authentication failed.", None, Cause.LOGIN_REFUSED, "password", False),
    (Stage.LOGIN, "LOGIN failed.", None, Cause.LOGIN_REFUSED, "password", False),
    (Stage.LOGIN, "[EXPIRED] Change it", None, Cause.LOGIN_REFUSED, "password", False),
    (Stage.LOGIN, "[UNAVAILABLE] The user database is down", None, Cause.OTHER_IMAP_ANSWER, None, True),
    (Stage.LOGIN, "[LIMIT] Too many sessions", None, Cause.OTHER_IMAP_ANSWER, None, True),
    (Stage.LOGIN, "[PRIVACYREQUIRED] Plaintext authentication disallowed", None, Cause.TLS_REQUIRED, "tls", False),
    (Stage.SELECT, "Mailbox doesn't exist: Replies", "INBOX", Cause.MAILBOX_MISSING, "mailbox", False),
    (Stage.SELECT, "[NONEXISTENT] Unknown Mailbox", "Archive", Cause.MAILBOX_MISSING, "archive_mailbox", False),
    (Stage.SELECT, "[NOPERM] Access denied", "INBOX", Cause.MAILBOX_MISSING, "mailbox", False),
    (Stage.SELECT, "[INUSE] Locked", "INBOX", Cause.OTHER_IMAP_ANSWER, None, True),
    (Stage.MARK, "[SERVERBUG] Internal error", None, Cause.OTHER_IMAP_ANSWER, None, True),
    (Stage.READ, "", None, Cause.OTHER_IMAP_ANSWER, None, True),
]


@pytest.mark.parametrize(("stage", "answer", "mailbox", "cause", "field", "temporary"), ANSWERS)
def test_a_response_is_classified_and_shown(
    stage: Stage, answer: str, mailbox: str | None, cause: Cause, field: str | None, temporary: bool
) -> None:
    failure = answer_failure(stage, answer, SERVER, mailbox)
    assert_complete(failure)
    assert (failure.code, failure.field, failure.temporary) == (cause, field and f"{IMAP}.{field}", temporary)
    assert answer.rstrip(".") in failure.cause


@given(st.sampled_from(list(Stage)), st.text(max_size=80))
def test_each_response_has_a_cause_and_a_remedy(stage: Stage, answer: str) -> None:
    failure = answer_failure(stage, answer, SERVER)
    assert failure.cause.startswith("imap.corp.test:993")
    assert failure.remedy


def test_operations_that_the_server_refuses() -> None:
    for failure in (
        imap_failures.read_only("INBOX", SERVER),
        imap_failures.not_imap(SERVER),
        imap_failures.not_understood(Stage.READ, SERVER),
        imap_failures.login_not_offered(STARTTLS),
        imap_failures.login_not_possible(SERVER),
        imap_failures.mailbox_recreated("INBOX", SERVER),
        authorities_unreadable("No such file or directory", peer(SERVER)),
    ):
        assert_complete(failure)
    assert imap_failures.read_only("Archive", SERVER).field == f"{IMAP}.archive_mailbox"
    assert "/etc/ca.pem" in authorities_unreadable("empty", peer(SERVER)).cause


def test_a_server_without_a_password_login_has_its_remedy() -> None:
    plain = replace(STARTTLS, tls=TLS.NONE)
    for server, mechanisms, field, words in (
        (plain, (), "tls", "under TLS"), (plain, ("XOAUTH2",), "tls", "under TLS"),
        (STARTTLS, ("XOAUTH2", "OAUTHBEARER"), "username", "OAuth tokens"),
    ):  # fmt: skip
        failure = imap_failures.login_not_offered(server, mechanisms)
        assert failure.field == f"interactions.imap.{field}"
        assert words in failure.remedy
