# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending by SMTP to real servers on the loopback, over real TLS, with every kind of failure."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword, Session
from catalog_mail.adapters.smtp import SmtpSenders
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from helpers.service.certificates import Authority
from helpers.service.process import free_port
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until

PASSWORD = 'pä"ss\\wörd ☃'
MESSAGE = b"From: noreply@corp.test\r\nTo: alice@corp.test\r\nSubject: Hello\r\n\r\n.a line that begins with a dot\r\nend\r\n"


def settings(port: int, **server: object) -> SendingSettings:
    given = {"host": "127.0.0.1", "port": port, "tls": TLS.NONE, "timeout": PATIENCE, **server}
    smtp = SmtpServer(**given)  # type: ignore[arg-type]  # server: fields of SmtpServer
    return SendingSettings(Transport.SMTP, "noreply@corp.test", "Data Catalog", smtp)


@pytest.fixture
def senders() -> Iterator[SmtpSenders]:
    made = SmtpSenders()
    yield made
    made.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def send(senders: SmtpSenders, to: SendingSettings, recipient: str = "alice@corp.test") -> str:
    return senders.sender(to).send(MESSAGE, to.from_address, recipient).response


def failure(senders: SmtpSenders, to: SendingSettings, recipient: str = "alice@corp.test") -> Failure:
    with pytest.raises(SendingFailed) as caught:
        send(senders, to, recipient)
    assert PASSWORD not in str(caught.value) + repr(caught.value.failure)
    return caught.value.failure


def login(name: str, password: str) -> Callable[..., AuthResult]:
    def check(_server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (name.encode(), password.encode()), handled=False)

    return check


@contextmanager
def scripted(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a misbehaving server: `talk` handles each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        talk(connection)
                    except OSError:
                        continue

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_message_arrives_byte_for_byte(senders: SmtpSenders, sink: MailSink):
    evidence = senders.sender(settings(sink.port)).send(MESSAGE, "noreply@corp.test", "alice@corp.test")
    assert sink.taken == [("noreply@corp.test", ["alice@corp.test"], MESSAGE)]
    assert (evidence.response, evidence.tls, evidence.authenticated) == ("250 2.0.0 Ok: taken", None, None)
    assert evidence.server == f"127.0.0.1:{sink.port}"


@pytest.mark.parametrize("mechanisms", [{"PLAIN", "LOGIN"}, {"PLAIN"}, {"LOGIN"}])
def test_starttls_and_a_login_outside_ascii(senders: SmtpSenders, authority: Authority, mechanisms: set[str]):
    context = authority.server("localhost")
    with MailSink(
        tls_context=context, require_starttls=True, authenticator=login("app@corp.test", PASSWORD), auth_required=True,
        auth_exclude_mechanism={"PLAIN", "LOGIN"} - mechanisms,
    ) as sink:  # fmt: skip
        to = settings(sink.port, host="localhost", tls=TLS.STARTTLS, ca_file=str(authority.file),
                      username="app@corp.test", password=PASSWORD)  # fmt: skip
        evidence = senders.sender(to).send(MESSAGE, to.from_address, "alice@corp.test")
        assert evidence.tls
        assert evidence.tls.startswith("TLSv1.3 ")
        assert evidence.authenticated == "app@corp.test"
        assert len(sink.taken) == 1


def test_implicit_tls(senders: SmtpSenders, authority: Authority):
    with MailSink(ssl_context=authority.server("localhost")) as sink:
        to = settings(sink.port, host="localhost", tls=TLS.IMPLICIT, ca_file=str(authority.file))
        send(senders, to)
        assert len(sink.taken) == 1


def test_one_session_sends_many_messages_and_is_replaced(senders: SmtpSenders):
    sessions: list[Session] = []
    with MailSink() as sink:
        sink.answer = lambda _envelope: "250 2.0.0 Ok: taken"
        port = sink.port
        to = settings(port)
        for _ in range(3):
            send(senders, to)
        assert len(sink.taken) == 3
        first = senders.sender(to)._idle[0]
        assert first.count == 3
        first._talking().connection.shutdown(socket.SHUT_RDWR)  # as a server does after its idle timeout
        send(senders, to)
        assert len(sink.taken) == 4
        sessions.append(senders.sender(to)._idle[0])
        assert sessions[0] is not first


def test_a_session_ends_before_servers_close_it(senders: SmtpSenders, sink: MailSink):
    to = settings(sink.port)
    for _ in range(60):
        send(senders, to)
    assert senders.sender(to)._idle[0].count == 10
    assert len(sink.taken) == 60


def test_an_idle_session_is_closed(
    senders: SmtpSenders, sink: MailSink, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("catalog_mail.adapters.smtp.senders.IDLE_SECONDS", 0.2)
    to = settings(sink.port)
    send(senders, to)
    session = senders.sender(to)._idle[0]
    wait_until(lambda: not session.open, "the idle session stays open")
    assert senders.sender(to)._idle == []
    send(senders, to)
    assert len(sink.taken) == 2


def test_many_threads_send_at_once(senders: SmtpSenders, sink: MailSink):
    to = settings(sink.port)
    threads = [threading.Thread(target=lambda: [send(senders, to) for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(sink.taken) == 80


def test_the_session_survives_a_refused_recipient(senders: SmtpSenders):
    class Choosy(MailSink):
        async def handle_RCPT(self, *arguments: Any) -> str:  # noqa: N802
            _server, _session, envelope, address, _options = arguments
            if address.startswith("nobody"):
                return "550 5.1.1 <nobody@corp.test>: Recipient address rejected: User unknown"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    with Choosy() as sink:
        to = settings(sink.port)
        refused = failure(senders, to, "nobody@corp.test")
        assert (refused.code, refused.temporary, refused.smtp_code) == (Cause.RECIPIENT_REFUSED, False, 550)
        assert "nobody@corp.test" in refused.cause
        assert "User unknown" in refused.cause
        send(senders, to)
        assert senders.sender(to)._idle[0].count == 2


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_name_that_does_not_exist(senders: SmtpSenders):
    for host in ("no-such-host.invalid", "a" * 70 + ".example"):
        found = failure(senders, settings(25, host=host))
        assert (found.code, found.field) == (Cause.NAME_NOT_FOUND, "notifications.smtp.host")
        assert host in found.cause


def test_a_port_that_nothing_listens_on(senders: SmtpSenders):
    found = failure(senders, settings(free_port()))
    assert (found.code, found.temporary, found.field) == (Cause.CONNECTION_REFUSED, True, "notifications.smtp.port")


def test_the_hosts_own_server_has_its_own_remedy(senders: SmtpSenders):
    smtp = SmtpServer("127.0.0.1", free_port(), TLS.NONE)
    found = failure(senders, SendingSettings(Transport.BUILTIN, "noreply@corp.test", "", smtp))
    assert found.field == "notifications.transport"
    assert "systemctl status postfix" in found.remedy


def test_a_server_that_is_silent(senders: SmtpSenders):
    with scripted(lambda connection: connection.recv(1)) as port:  # silent until the client closes the connection
        found = failure(senders, settings(port, timeout=1))
    assert (found.code, found.field) == (Cause.TIMED_OUT, "notifications.smtp.timeout")
    assert "after 1 seconds while waiting for the greeting" in found.cause


def test_a_slow_reply_does_not_extend_the_timeout(senders: SmtpSenders):
    def drip(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"2")
            time.sleep(0.2)

    with scripted(drip) as port:
        assert failure(senders, settings(port, timeout=1)).code is Cause.TIMED_OUT


def test_a_server_without_starttls(senders: SmtpSenders, sink: MailSink):
    found = failure(senders, settings(sink.port, tls=TLS.STARTTLS))
    assert (found.code, found.field) == (Cause.TLS_NOT_OFFERED, "notifications.smtp.tls")
    assert sink.taken == []


@pytest.mark.parametrize("tls", [TLS.STARTTLS, TLS.IMPLICIT])
def test_a_certificate_that_is_not_trusted(senders: SmtpSenders, authority: Authority, tmp_path: Path, tls: TLS):
    options = {"tls_context" if tls is TLS.STARTTLS else "ssl_context": authority.server("localhost")}
    other = tmp_path / "other"
    other.mkdir()
    # aiosmtpd's start would connect with a context of its own, without verification
    with MailSink(**options) as sink:
        for ca_file in (None, str(Authority(other, "Other CA").file)):
            found = failure(senders, settings(sink.port, host="localhost", tls=tls, ca_file=ca_file))
            assert (found.code, found.field) == (Cause.CERTIFICATE_NOT_TRUSTED, "notifications.smtp.ca_file")
        assert sink.taken == []


def test_a_certificate_matches_a_name_with_a_final_dot(
    senders: SmtpSenders, authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    look_up = socket.getaddrinfo  # DNS knows absolute names, /etc/hosts does not
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **options: look_up(host.rstrip("."), *rest, **options))
    for option, tls in (("tls_context", TLS.STARTTLS), ("ssl_context", TLS.IMPLICIT)):
        with MailSink(**{option: authority.server("localhost")}) as sink:
            send(senders, settings(sink.port, host="localhost.", tls=tls, ca_file=str(authority.file)))
            assert len(sink.taken) == 1


def test_a_certificate_for_another_name_and_an_expired_one(senders: SmtpSenders, authority: Authority):
    with MailSink(tls_context=authority.server("mail.example.com")) as sink:
        found = failure(senders, settings(sink.port, host="localhost", tls=TLS.STARTTLS, ca_file=str(authority.file)))
        assert (found.code, found.field) == (Cause.CERTIFICATE_WRONG_NAME, "notifications.smtp.host")
    with MailSink(tls_context=authority.server("localhost", days=-1)) as sink:
        found = failure(senders, settings(sink.port, host="localhost", tls=TLS.STARTTLS, ca_file=str(authority.file)))
        assert found.code is Cause.CERTIFICATE_NOT_TRUSTED
        assert "expired" in found.cause


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_ca_file_that_cannot_be_used(senders: SmtpSenders, sink: MailSink, tmp_path: Path, content: bytes | None):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    found = failure(senders, settings(sink.port, tls=TLS.STARTTLS, ca_file=str(path)))
    assert (found.code, found.field) == (Cause.CERTIFICATE_NOT_TRUSTED, "notifications.smtp.ca_file")
    assert str(path) in found.cause


def test_implicit_tls_to_a_plain_port_and_the_reverse(senders: SmtpSenders, sink: MailSink, authority: Authority):
    found = failure(senders, settings(sink.port, tls=TLS.IMPLICIT, timeout=5))
    assert found.code in (Cause.TLS_FAILED, Cause.TIMED_OUT)
    assert "starttls" in found.remedy or found.code is Cause.TIMED_OUT
    with MailSink(ssl_context=authority.server("localhost")) as implicit:
        found = failure(senders, settings(implicit.port, timeout=1))
    assert found.code in (Cause.TIMED_OUT, Cause.CONNECTION_LOST)
    assert "implicit" in found.remedy


def test_a_login_that_is_refused_or_not_offered(senders: SmtpSenders, sink: MailSink):
    found = failure(senders, settings(sink.port, username="app", password=PASSWORD))
    assert (found.code, found.field) == (Cause.LOGIN_REFUSED, "notifications.smtp.username")
    with MailSink(authenticator=login("app", "another"), auth_require_tls=False) as strict:
        found = failure(senders, settings(strict.port, username="app", password=PASSWORD))
    assert (found.code, found.field, found.smtp_code) == (Cause.LOGIN_REFUSED, "notifications.smtp.password", 535)


def test_a_password_in_the_servers_reply_is_not_shown(senders: SmtpSenders):
    def parrot(connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"220 parrot\r\n")
        for line in reader:
            if line.upper().startswith(b"EHLO"):
                connection.sendall(b"250-parrot\r\n250 AUTH PLAIN\r\n")
            else:
                connection.sendall(b"535 5.7.8 wrong: " + PASSWORD.encode() + b" and " + line)

    with scripted(parrot) as port:
        found = failure(senders, settings(port, username="app", password=PASSWORD))
    assert found.code is Cause.LOGIN_REFUSED
    assert base64.b64encode(f"\0app\0{PASSWORD}".encode()).decode() not in found.cause


def test_a_sender_that_is_refused_at_either_command(senders: SmtpSenders):
    class AtMail(MailSink):
        async def handle_MAIL(self, *_arguments: object) -> str:  # noqa: N802
            return "553 5.7.1 <noreply@corp.test>: Sender address rejected: not owned by user app"

    class AtRecipient(MailSink):
        async def handle_RCPT(self, *_arguments: object) -> str:  # noqa: N802
            return "553 5.7.1 <noreply@corp.test>: Sender address rejected: not owned by user app"

    for server in (AtMail, AtRecipient):
        with server() as sink:
            found = failure(senders, settings(sink.port))
        assert (found.code, found.field) == (Cause.SENDER_REFUSED, "notifications.from.address")
        assert "not owned by user app" in found.cause


@pytest.mark.parametrize(
    ("answer", "temporary"),
    [("451 4.3.0 Try again later", True), ("554 5.7.1 Content refused", False), ("552 5.3.4 Too big", False)],
)
def test_another_answer_keeps_its_code_and_text(senders: SmtpSenders, sink: MailSink, answer: str, temporary: bool):
    sink.answer = lambda _envelope: answer
    found = failure(senders, settings(sink.port))
    assert (found.code, found.temporary) == (Cause.OTHER_ANSWER, temporary)
    assert (found.smtp_code, found.smtp_text) == (int(answer[:3]), answer[4:])
    assert answer in found.cause


def test_a_server_that_requires_tls_or_a_login(senders: SmtpSenders, authority: Authority):
    with MailSink(tls_context=authority.server("localhost"), require_starttls=True) as sink:
        found = failure(senders, settings(sink.port))
    assert (found.code, found.field, found.smtp_code) == (Cause.TLS_REQUIRED, "notifications.smtp.tls", 530)
    with MailSink(authenticator=login("app", PASSWORD), auth_required=True, auth_require_tls=False) as sink:
        found = failure(senders, settings(sink.port))
    assert (found.code, found.field, found.smtp_code) == (Cause.LOGIN_REQUIRED, "notifications.smtp.username", 530)


def test_a_message_that_is_too_large_is_not_the_senders_fault(senders: SmtpSenders):
    with MailSink(data_size_limit=100) as sink:
        to = settings(sink.port)
        with pytest.raises(SendingFailed) as caught:
            senders.sender(to).send(MESSAGE * 10, to.from_address, "alice@corp.test")
    found = caught.value.failure
    assert (found.code, found.temporary, found.smtp_code) == (Cause.OTHER_ANSWER, False, 552)


def test_a_slow_reader_does_not_extend_the_timeout(senders: SmtpSenders, authority: Authority):
    context = authority.server("localhost")

    def sip(plain: socket.socket) -> None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.sendall(b"220 hello\r\n")
            for answer in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                connection.recv(1000)
                connection.sendall(answer)
            while connection.recv(16_384):
                time.sleep(0.1)

    with scripted(sip) as port:
        to = settings(port, host="localhost", tls=TLS.IMPLICIT, ca_file=str(authority.file), timeout=1)
        with pytest.raises(SendingFailed) as caught:
            senders.sender(to).send(b"x" * 70 + b"\r\n" + b"y\r\n" * 10_000_000, to.from_address, "alice@corp.test")
    assert caught.value.failure.code is Cause.TIMED_OUT


def test_a_greeting_that_refuses(senders: SmtpSenders):
    with scripted(lambda connection: connection.sendall(b"421 4.3.2 Too many connections\r\n")) as port:
        found = failure(senders, settings(port))
    assert (found.code, found.temporary, found.smtp_code) == (Cause.THROTTLED, True, 421)


def dialogue(answers: dict[bytes, bytes]) -> Callable[[socket.socket], None]:
    """Return a server that offers STARTTLS, and gives these answers to the commands that begin so; 250 to others."""

    def converse(connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"220 mail.corp.test ESMTP\r\n")
        for line in reader:
            command = line.split()[0].upper()
            said = b"250-mail.corp.test\r\n250 STARTTLS\r\n" if command == b"EHLO" else b"250 2.0.0 Ok\r\n"
            connection.sendall(answers.get(command, said))

    return converse


@pytest.mark.parametrize(
    ("answer", "temporary"),
    [
        (b"454 4.7.0 TLS not available due to local problem\r\n", True),
        (b"454-4.7.0 TLS not available\r\n454 4.7.0 due to local problem\r\n", True),
        (b"502 5.5.1 Error: command not implemented\r\n", False),
        (b"500 Command not recognized\r\n", False),
    ],
)
def test_a_refusal_of_starttls_keeps_the_servers_words(senders: SmtpSenders, answer: bytes, temporary: bool):
    with scripted(dialogue({b"STARTTLS": answer})) as port:
        found = failure(senders, settings(port, tls=TLS.STARTTLS))
    assert (found.code, found.field) == (Cause.TLS_NOT_OFFERED, "notifications.smtp.tls")
    assert (found.temporary, found.smtp_code) == (temporary, int(answer[:3]))
    assert " ".join(answer.decode().splitlines()[-1][4:].split()) in found.cause


def test_a_refused_name_at_rcpt_is_not_the_recipients_fault(senders: SmtpSenders):
    answer = b"504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname\r\n"
    with scripted(dialogue({b"RCPT": answer})) as port:
        found = failure(senders, settings(port))
    assert (found.code, found.field, found.smtp_code) == (Cause.HOST_REFUSED, None, 504)
    assert "alice@corp.test" not in found.cause
    assert "Helo command rejected" in found.cause


def test_a_temporary_login_failure_does_not_blame_the_password(senders: SmtpSenders):
    answers = {b"EHLO": b"250-mail.corp.test\r\n250 AUTH PLAIN\r\n", b"AUTH": b"454 4.7.0 Temporary authentication failure\r\n"}
    with scripted(dialogue(answers)) as port:
        found = failure(senders, settings(port, username="app", password=PASSWORD))
    assert (found.code, found.field, found.temporary) == (Cause.LOGIN_REFUSED, None, True)
    assert "password" not in found.remedy
    assert found.remedy.startswith("It may work later.")


def test_a_server_that_takes_tokens_only(senders: SmtpSenders):
    with scripted(dialogue({b"EHLO": b"250-mail.corp.test\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n"})) as port:
        found = failure(senders, settings(port, username="app", password=PASSWORD))
    assert (found.code, found.field) == (Cause.LOGIN_REFUSED, "notifications.smtp.username")
    assert "OAuth tokens" in found.remedy


def test_a_connection_that_breaks_off(senders: SmtpSenders):
    def hang_up(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.recv(100)

    with scripted(hang_up) as port:
        found = failure(senders, settings(port))
    assert (found.code, found.temporary) == (Cause.CONNECTION_LOST, True)
    with scripted(lambda connection: connection.sendall(b"HTTP/1.0 400 Bad Request\r\n")) as port:
        found = failure(senders, settings(port))
    assert (found.code, found.field, found.smtp_code) == (Cause.NOT_SMTP, "notifications.smtp.port", None)


def test_responses_before_starttls_are_discarded(senders: SmtpSenders, authority: Authority):
    """A command or response injected before TLS must not be taken for one under TLS."""
    context = authority.server("localhost")

    def inject(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.recv(1000)
        connection.sendall(b"250-hello\r\n250 STARTTLS\r\n")
        connection.recv(1000)
        connection.sendall(b"220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n")
        try:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.recv(1000)
                encrypted.sendall(b"250 no login here\r\n")
                encrypted.recv(1000)
        except ssl.SSLError:
            pass

    with scripted(inject) as port:
        found = failure(senders, settings(
            port, host="localhost", tls=TLS.STARTTLS, ca_file=str(authority.file), username="app", password=PASSWORD,
        ))  # fmt: skip
    assert found.code in (Cause.LOGIN_REFUSED, Cause.TLS_FAILED, Cause.CONNECTION_LOST)
    assert found.smtp_code is None  # no login was attempted
