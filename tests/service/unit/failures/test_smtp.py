# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure reported for each error and each response of a mail server."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace

import pytest
from catalog_mail.domain.failures.connection import SHOWN, authorities_unreadable, network_failure, readable, tls_not_offered
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.smtp import Attempt, Stage, answer_failure, login_not_offered
from catalog_mail.domain.failures.smtp_replies import read_reply
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import SmtpServer
from hypothesis import given
from hypothesis import strategies as st

SERVER = SmtpServer("smtp.corp.test", 587, TLS.STARTTLS, "app", "hunter2-in-a-test", 12, "/etc/ca.pem")
ATTEMPT = Attempt(SERVER, "noreply@corp.test", "alice@corp.test")
BUILTIN = Attempt(SmtpServer("127.0.0.1", 25, TLS.NONE), "noreply@corp.test", "alice@corp.test", builtin=True)
SMTP = "notifications.smtp"
FROM = "notifications.from.address"


def not_verified(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


NETWORK = [
    (socket.gaierror(socket.EAI_NONAME, "not known"), Stage.CONNECT, Cause.NAME_NOT_FOUND, "host", "cannot be found in DNS"),
    (socket.gaierror(socket.EAI_AGAIN, "later"), Stage.CONNECT, Cause.NAME_NOT_FOUND, "host", "no DNS server gave an answer"),
    (ConnectionRefusedError(111, "refused"), Stage.CONNECT, Cause.CONNECTION_REFUSED, "port", "smtp.corp.test:587 refused"),
    (OSError(113, "No route to host"), Stage.CONNECT, Cause.UNREACHABLE, "host", "No route to host"),
    (OSError(101, "Network is unreachable"), Stage.CONNECT, Cause.UNREACHABLE, "host", "Network is unreachable"),
    *((TimeoutError(), stage, Cause.TIMED_OUT, "timeout", f"after 12 seconds while {stage}") for stage in Stage),
    (ConnectionResetError(104, "reset by peer"), Stage.GREETING, Cause.CONNECTION_LOST, "host", "waiting for the greeting"),
    (BrokenPipeError(32, "Broken pipe"), Stage.CONTENT, Cause.CONNECTION_LOST, "host", "Broken pipe"),
    (tls_error("WRONG_VERSION_NUMBER"), Stage.TLS, Cause.TLS_FAILED, "tls", "WRONG_VERSION_NUMBER"),
    (tls_error("NO_PROTOCOLS_AVAILABLE"), Stage.TLS, Cause.TLS_FAILED, "tls", "NO_PROTOCOLS_AVAILABLE"),
    (not_verified(18, "self-signed certificate"), Stage.TLS, Cause.CERTIFICATE_NOT_TRUSTED, "ca_file", "self-signed"),
    (not_verified(20, "unable to get local issuer"), Stage.TLS, Cause.CERTIFICATE_NOT_TRUSTED, "ca_file", "local issuer"),
    (not_verified(9, "not yet"), Stage.TLS, Cause.CERTIFICATE_NOT_TRUSTED, "ca_file", "not valid yet"),
    (not_verified(10, "has expired"), Stage.TLS, Cause.CERTIFICATE_NOT_TRUSTED, "ca_file", "expired"),
    (not_verified(62, "Hostname mismatch"), Stage.TLS, Cause.CERTIFICATE_WRONG_NAME, "host", "for another name"),
    (not_verified(64, "IP address mismatch"), Stage.TLS, Cause.CERTIFICATE_WRONG_NAME, "host", "for another name"),
]  # fmt: skip


def assert_complete(failure: Failure) -> None:
    """Assert the properties of every failure."""
    for sentence in (failure.cause, failure.remedy):
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        assert sentence[0].isupper() or sentence[0].isdigit() or sentence.startswith(("smtp.corp.test", "["))
        assert "hunter2" not in sentence


@pytest.mark.parametrize(("error", "stage", "cause", "field", "words"), NETWORK)
def test_a_network_error_is_classified(error: Exception, stage: Stage, cause: Cause, field: str, words: str) -> None:
    failure = network_failure(error, stage, ATTEMPT.peer)
    assert_complete(failure)
    assert (failure.code, failure.field) == (cause, f"{SMTP}.{field}")
    assert words in failure.cause
    assert failure.smtp_code is None
    assert failure.temporary is not cause.value.startswith("certificate")


ANSWERS = [
    # stage, answer, cause, field, temporary
    (Stage.GREETING, "554 5.7.1 Your host is blocked", Cause.HOST_REFUSED, None, False),
    (Stage.GREETING, "421 4.3.2 Too many connections", Cause.THROTTLED, None, True),
    (Stage.HELLO, "502 5.5.1 Not implemented", Cause.OTHER_ANSWER, None, False),
    (Stage.TLS, "454 4.7.0 TLS not available", Cause.TLS_NOT_OFFERED, f"{SMTP}.tls", True),
    (Stage.LOGIN, "535 5.7.8 authentication failed", Cause.LOGIN_REFUSED, f"{SMTP}.password", False),
    (Stage.LOGIN, "454 4.7.0 Temporary authentication failure", Cause.LOGIN_REFUSED, None, True),
    (Stage.LOGIN, "538 5.7.11 Encryption required", Cause.TLS_REQUIRED, f"{SMTP}.tls", False),
    (Stage.LOGIN, "421 4.7.0 Too many errors", Cause.THROTTLED, None, True),
    (Stage.SENDER, "530 5.7.0 Must issue a STARTTLS command first", Cause.TLS_REQUIRED, f"{SMTP}.tls", False),
    (Stage.SENDER, "530 5.7.57 Client was not authenticated to send", Cause.LOGIN_REQUIRED, f"{SMTP}.username", False),
    (Stage.SENDER, "550 5.1.0 Address rejected", Cause.SENDER_REFUSED, FROM, False),
    (Stage.SENDER, "450 4.1.8 Sender address rejected: Domain not found", Cause.SENDER_REFUSED, FROM, True),
    (Stage.SENDER, "552 5.3.4 Message size exceeds fixed limit", Cause.OTHER_ANSWER, None, False),
    (Stage.SENDER, "452 4.3.1 Insufficient system storage", Cause.OTHER_ANSWER, None, True),
    (Stage.SENDER, "451 4.3.0 Temporary lookup failure", Cause.OTHER_ANSWER, None, True),
    (Stage.SENDER, "451 4.1.8 Sender address rejected: try later", Cause.SENDER_REFUSED, FROM, True),
    (Stage.SENDER, "421 4.3.2 Shutting down", Cause.OTHER_ANSWER, None, True),
    (Stage.RECIPIENT, "550 5.1.1 User unknown", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.RECIPIENT, "554 5.7.1 Relay access denied", Cause.RELAY_DENIED, f"{SMTP}.username", False),
    (Stage.RECIPIENT, "451 4.7.1 Greylisted", Cause.GREYLISTED, None, True),
    (Stage.RECIPIENT, "552 5.2.2 Mailbox full", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.RECIPIENT, "421 4.7.0 Closing", Cause.OTHER_ANSWER, None, True),
    (Stage.RECIPIENT, "553 5.7.1 <noreply@corp.test>: Sender address rejected: not owned", Cause.SENDER_REFUSED, FROM, False),
    (Stage.RECIPIENT, "550 Sender <NoReply@corp.test> is not allowed", Cause.SENDER_REFUSED, FROM, False),
    (Stage.RECIPIENT, "550 5.1.1 <sender@corp.test>: no such user", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.CONTENT, "554 5.2.252 SendAsDenied; app not allowed to send as noreply", Cause.SENDER_REFUSED, FROM, False),
    (Stage.CONTENT, "550 5.7.60 Client does not have permissions to send as this sender", Cause.SENDER_REFUSED, FROM, False),
    (Stage.CONTENT, "554 5.7.1 Spam", Cause.OTHER_ANSWER, None, False),
    (Stage.CONTENT, "451 4.3.0 Later", Cause.OTHER_ANSWER, None, True),
    # The stage decides where the words say nothing, and is not believed where they say something else.
    (Stage.GREETING, "554 No SMTP service here", Cause.HOST_REFUSED, None, False),
    (Stage.HELLO, "550 5.7.1 Access denied", Cause.HOST_REFUSED, None, False),
    (Stage.HELLO, "550 Access denied - Invalid HELO name", Cause.HOST_REFUSED, None, False),
    (Stage.TLS, "500 Command not recognized", Cause.TLS_NOT_OFFERED, f"{SMTP}.tls", False),
    (Stage.LOGIN, "454 4.7.0 Authentication failed", Cause.LOGIN_REFUSED, None, True),
    (Stage.LOGIN, "550 5.7.1 No", Cause.LOGIN_REFUSED, f"{SMTP}.password", False),
    (Stage.LOGIN, "535 5.7.1 User suspended", Cause.ACCOUNT_BLOCKED, f"{SMTP}.username", False),
    (Stage.SENDER, "550 5.2.1 Mailbox disabled", Cause.SENDER_REFUSED, FROM, False),
    (Stage.SENDER, "550 5.1.1 User unknown", Cause.SENDER_REFUSED, FROM, False),
    (Stage.SENDER, "503 5.5.1 Error: send HELO/EHLO first", Cause.OTHER_ANSWER, None, False),
    (Stage.SENDER, "451 5.7.3 STARTTLS is required to send mail", Cause.TLS_REQUIRED, f"{SMTP}.tls", False),
    (Stage.SENDER, "523 5.7.10 Encryption needed", Cause.TLS_REQUIRED, f"{SMTP}.tls", False),
    (Stage.RECIPIENT, "450 4.7.1 Helo command rejected: Host not found", Cause.HOST_REFUSED, None, True),
    (Stage.RECIPIENT, "454 4.7.1 Relay access denied", Cause.RELAY_DENIED, f"{SMTP}.username", True),
    (Stage.RECIPIENT, "553 that domain isn't in my list of allowed rcpthosts", Cause.RELAY_DENIED, f"{SMTP}.username", False),
    (Stage.RECIPIENT, "451 4.3.5 Recipient address rejected: Server configuration problem", Cause.OTHER_ANSWER, None, True),
    (Stage.RECIPIENT, "550 5.7.1 Access denied", Cause.OTHER_ANSWER, None, False),
    (Stage.RECIPIENT, "550 Mailbox unavailable", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.RECIPIENT, "551 User not local", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.RECIPIENT, "450 4.7.1 Error: too much mail from 192.0.2.1", Cause.THROTTLED, None, True),
    (Stage.RECIPIENT, "550 5.6.7 SMTPUTF8 is required", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.RECIPIENT, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
     Cause.RECIPIENT_REFUSED, None, False),
    (Stage.CONTENT, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Cause.THROTTLED, None, True),
    (Stage.CONTENT, "452 4.4.5 Maximum number of messages per session", Cause.THROTTLED, None, True),
    # The names of hosts, and addresses, are not words.
    (Stage.RECIPIENT, "550 5.1.1 <dmarc@spam.test>: User unknown", Cause.RECIPIENT_REFUSED, None, False),
    (Stage.CONTENT, "451 4.3.0 mx.greylist.test: https://spamhaus.test/blocked", Cause.OTHER_ANSWER, None, True),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "answer", "cause", "field", "temporary"), ANSWERS)
def test_a_response_is_classified_and_kept(stage: Stage, answer: str, cause: Cause, field: str | None, temporary: bool) -> None:
    code, text = int(answer[:3]), answer[4:]
    failure = answer_failure(stage, code, text, ATTEMPT)
    assert_complete(failure)
    assert (failure.code, failure.field, failure.temporary) == (cause, field, temporary)
    assert (failure.smtp_code, failure.smtp_text) == (code, text)
    assert answer in failure.cause
    if cause is Cause.SENDER_REFUSED:
        assert "noreply@corp.test" in failure.cause
    if cause is Cause.RECIPIENT_REFUSED and "SMTPUTF8" not in answer:
        assert "alice@corp.test" in failure.cause
    assert failure.remedy.startswith("It may work later.") is temporary
    assert not (temporary and "password" in failure.remedy)


WORDS = ("Relay access denied", "User unknown", "STARTTLS is required", "Helo command rejected", "Greylisted", "over quota")


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("stage", Stage)
def test_a_refusal_before_rcpt_is_not_the_recipients(stage: Stage, words: str) -> None:
    failure = answer_failure(stage, 550, f"5.7.1 {words}", ATTEMPT)
    assert failure.code is not Cause.RECIPIENT_REFUSED or stage in (Stage.RECIPIENT, Stage.CONTENT)


@pytest.mark.parametrize("password", ["hunter2 ", "\thunter2", "hunter2\u00a0", "hunter2\u200b"])
def test_a_password_with_a_blank_at_its_end_is_hinted_at(password: str) -> None:
    attempt = Attempt(replace(SERVER, password=password), "noreply@corp.test", "alice@corp.test")
    refused = answer_failure(Stage.LOGIN, 535, "5.7.8 authentication failed", attempt)
    assert "begins or ends with a blank" in refused.remedy
    assert "hunter2" not in refused.remedy
    assert "begins or ends" not in answer_failure(Stage.LOGIN, 535, "5.7.8 no", ATTEMPT).remedy
    assert "begins or ends" not in answer_failure(Stage.LOGIN, 454, "4.7.0 no", attempt).remedy


@pytest.mark.parametrize("code", [-1, 0, 12, 199, 600, 999])
def test_a_server_other_than_smtp_is_reported(code: int) -> None:
    failure = answer_failure(Stage.GREETING, code, "/1.1 400 Bad Request", ATTEMPT)
    assert_complete(failure)
    assert (failure.code, failure.field, failure.smtp_code) == (Cause.NOT_SMTP, f"{SMTP}.port", None)


@given(
    st.sampled_from(list(Stage)),
    st.integers(-1, 1000),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    st.sampled_from([ATTEMPT, BUILTIN]),
)
def test_each_response_has_a_cause_and_a_remedy(stage: Stage, code: int, text: str, attempt: Attempt) -> None:
    failure = answer_failure(stage, code, text, attempt)
    assert failure.smtp_code in (code, None)
    assert not failure.temporary or failure.remedy.startswith("It may work later.")
    assert not (failure.temporary and failure.field == f"{SMTP}.password")
    if attempt is BUILTIN:  # with the host's own Postfix there are no settings of a mail server
        assert not (failure.field or "").startswith(SMTP)


def test_features_that_the_server_does_not_offer() -> None:
    assert tls_not_offered(ATTEMPT.peer).field == f"{SMTP}.tls"
    assert "no login at all" in login_not_offered("", ATTEMPT).cause
    assert "only GSSAPI, NTLM" in login_not_offered("GSSAPI, NTLM", ATTEMPT).cause
    assert "OAuth" not in login_not_offered("GSSAPI, XOAUTH2", ATTEMPT).remedy
    assert "OAuth tokens" in login_not_offered("XOAUTH2, OAUTHBEARER", ATTEMPT).remedy
    assert "/etc/ca.pem" in authorities_unreadable("No such file or directory", ATTEMPT.peer).cause
    for failure in (tls_not_offered(ATTEMPT.peer), login_not_offered("", ATTEMPT), authorities_unreadable("empty", ATTEMPT.peer)):
        assert_complete(failure)
        assert not failure.temporary


def test_remedies_name_the_confused_ports() -> None:
    implicit = Attempt(SmtpServer("smtp.corp.test", 587, TLS.IMPLICIT), "a@b.test", "c@d.test")
    assert "'starttls'" in network_failure(tls_error("WRONG_VERSION_NUMBER"), Stage.TLS, implicit.peer).remedy
    assert "'implicit'" in network_failure(TimeoutError(), Stage.GREETING, ATTEMPT.peer).remedy
    assert "'implicit'" not in network_failure(TimeoutError(), Stage.GREETING, implicit.peer).remedy


def test_the_hosts_own_server_is_set_by_the_transport() -> None:
    refused = network_failure(ConnectionRefusedError(111, "refused"), Stage.CONNECT, BUILTIN.peer)
    assert refused.field == "notifications.transport"
    assert refused.cause.startswith("The host's own mail server (127.0.0.1:25)")
    assert "systemctl status postfix" in refused.remedy


def test_an_ipv6_address_is_in_brackets() -> None:
    attempt = Attempt(SmtpServer("2001:db8::7", 25, TLS.NONE), "a@b.test", "c@d.test")
    assert attempt.place == "[2001:db8::7]:25"


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        (b"2.0.0 Ok: queued as 4F1", (), "2.0.0 Ok: queued as 4F1"),
        (b"one\ntwo\r\n\tthree", (), "one two three"),
        (b"bell\x07 escape\x1b[31m \xff", (), "bell? escape?[31m \ufffd"),
        (b"wrong: hunter2", ("hunter2",), "wrong: (removed)"),
        (b"wrong: a  b\tc", ("a  b\tc",), "wrong: (removed)"),
        # The password happens to be in its own base64, which is as secret.
        (b"wrong: eHh4eA==", ("xxxx", "eHh4eA=="), "wrong: (removed)"),
        (b"wrong: eHh4eA==", ("eHh4", "eHh4eA=="), "wrong: (removed)"),
        (b"fine", ("", " ", None), "fine"),
        (b"x" * 600, (), "x" * SHOWN + "..."),
    ],
)
def test_a_server_reply_is_safe_to_show(text: bytes, secrets: tuple[str | None, ...], shown: str) -> None:
    assert readable(text, *secrets) == shown


@given(st.binary(max_size=200), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=12, max_size=30))
def test_a_secret_is_never_shown(around: bytes, secret: str) -> None:
    shown = readable(around + secret.encode() + around, secret)
    assert secret not in shown or secret in readable(around + b" " + around)
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("answer", "enhanced"),
    [
        ("550 5.7.1 no", "5.7.1"),
        ("550-5.7.26 no 5.7.26 never", "5.7.26"),
        ("550 Invalid recipient (#5.1.1)", "5.1.1"),
        ("450 5.7.1 contradicts the reply code", "5.7.1"),
        ("550 rejected by SpamAssassin 4.0.1", ""),
        ("451 Exim 4.94.2 has a difficulty", "4.94.2"),
        ("550 see RFC 5321 4.5.3.1", ""),
        ("550 192.0.2.1 5.9.1.2 4.4.8.8", ""),
    ],
)
def test_an_enhanced_code_is_no_version(answer: str, enhanced: str) -> None:
    assert read_reply(int(answer[:3]), answer[4:]).enhanced == enhanced


def test_an_answer_that_fits_no_command_is_temporary() -> None:
    failure = answer_failure(Stage.CONTENT, 250, "Ok", ATTEMPT)
    assert_complete(failure)
    assert (failure.code, failure.temporary, failure.smtp_code) == (Cause.OTHER_ANSWER, True, 250)
