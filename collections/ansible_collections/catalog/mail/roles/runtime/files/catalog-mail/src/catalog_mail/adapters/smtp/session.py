# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with one SMTP server: EHLO, TLS, login, and one message after the other."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, plain, verifying_context
from catalog_mail.adapters.smtp.conversation import Conversation, encoded, plain_response
from catalog_mail.domain.failures.connection import authorities_unreadable, network_failure, readable, tls_not_offered
from catalog_mail.domain.failures.failure import SendingFailed
from catalog_mail.domain.failures.smtp import Attempt, Stage, answer_failure, login_not_offered
from catalog_mail.domain.settings.document import TLS
from catalog_mail.ports.sending import Evidence


class Gone(Exception):
    """The connection ended before a message was begun: another connection may be tried at once."""


class Session:
    """An open connection. `attempt` of the constructor has the first message's sender and recipient, for error sentences."""

    def __init__(self, attempt: Attempt, deadline: Deadline) -> None:
        """Connect, encrypt, log in. Raises SendingFailed."""
        self._server = attempt.server
        self._stage = Stage.CONNECT
        self._conversation: Conversation | None = None
        self.used_at = time.monotonic()
        self.count = 0
        try:
            self._open(attempt, deadline)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise SendingFailed(network_failure(plain(error), self._stage, attempt.peer)) from error
        except SendingFailed:
            self.close()
            raise

    def send(self, message: bytes, attempt: Attempt, deadline: Deadline) -> Evidence:
        """Hand over one message. Raises SendingFailed, or Gone when nothing was begun; the session is then closed or reset."""
        started = time.monotonic()
        conversation = self._talking()
        conversation.deadline = deadline
        fresh = self.count == 0
        self.count += 1
        try:
            response = self._hand_over(conversation, message, attempt)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            if not fresh and self._stage is Stage.SENDER:
                raise Gone from error
            raise SendingFailed(network_failure(plain(error), self._stage, attempt.peer)) from error
        self.used_at = time.monotonic()
        return Evidence(
            server=f"{self._server.host}:{self._server.port}",
            response=response,
            tls=conversation.encryption(),
            authenticated=self._server.username,
            seconds=round(self.used_at - started, 3),
        )

    @property
    def open(self) -> bool:
        """Return whether another message may be tried in this session."""
        return self._conversation is not None and self._conversation.sock is not None

    def close(self) -> None:
        """Close without QUIT; no accepted message is lost by it."""
        if self._conversation is not None:
            self._conversation.close()

    def quit(self) -> None:
        """Send QUIT; waits at most a second."""
        if self.open:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                conversation = self._talking()
                conversation.deadline = Deadline(1)
                conversation.docmd("QUIT")
        self.close()

    def _talking(self) -> Conversation:
        if self._conversation is None:
            raise Gone
        return self._conversation

    def _open(self, attempt: Attempt, deadline: Deadline) -> None:
        server = self._server
        context = _context(attempt) if server.tls is not TLS.NONE else None
        connection = connect(server.host, server.port, deadline)
        if context and server.tls is TLS.IMPLICIT:
            self._stage = Stage.TLS
            try:
                connection.settimeout(deadline.remaining())
                connection = context.wrap_socket(connection, server_hostname=certificate_name(server.host))
            except OSError:
                connection.close()
                raise
        self._stage = Stage.GREETING
        conversation = self._conversation = Conversation(connection, server.host, deadline)
        self._accept(conversation.getreply(), 220, attempt)
        self._greet(conversation, attempt)
        if context and server.tls is TLS.STARTTLS:
            self._start_tls(conversation, context, attempt)
        if server.username is not None:
            self._log_in(conversation, server.username, server.password or "", attempt)

    def _greet(self, conversation: Conversation, attempt: Attempt) -> None:
        self._stage = Stage.HELLO
        self._accept(conversation.ehlo(), 250, attempt)

    def _start_tls(self, conversation: Conversation, context: ssl.SSLContext, attempt: Attempt) -> None:
        if not conversation.has_extn("starttls"):
            raise SendingFailed(tls_not_offered(attempt.peer))
        self._stage = Stage.TLS
        self._accept(conversation.start_tls(context), 220, attempt)
        self._greet(conversation, attempt)

    def _log_in(self, conversation: Conversation, username: str, password: str, attempt: Attempt) -> None:
        self._stage = Stage.LOGIN
        mechanisms = conversation.mechanisms()
        if not {"PLAIN", "LOGIN"} & set(mechanisms):
            raise SendingFailed(login_not_offered(", ".join(mechanisms), attempt))
        self._accept(conversation.log_in(username, password), 235, attempt)

    def _hand_over(self, conversation: Conversation, message: bytes, attempt: Attempt) -> str:
        self._stage = Stage.SENDER
        size = [f"SIZE={len(message)}"] if conversation.has_extn("size") else []
        code, text = conversation.mail(attempt.sender, size)
        if code == 421 and self.count > 1:
            raise smtplib.SMTPServerDisconnected("the server has closed the session")
        self._accept_or_reset((code, text), 250, attempt)
        self._stage = Stage.RECIPIENT
        self._accept_or_reset(conversation.rcpt(attempt.recipient), 250, attempt)
        self._stage = Stage.CONTENT
        try:
            answer = conversation.data(message)
        except smtplib.SMTPDataError as error:  # the answer to DATA itself
            answer = (error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode())
        self._accept_or_reset(answer, 250, attempt)
        return f"{answer[0]} {self._shown(answer[1])}"

    def _accept(self, answer: tuple[int, bytes], wanted: int, attempt: Attempt) -> None:
        code, text = answer
        # 251: the server forwards the message (RFC 5321, 3.4), which counts as accepted.
        if code != wanted and (code, wanted) != (251, 250):
            raise SendingFailed(answer_failure(self._stage, code, self._shown(text), attempt))

    def _accept_or_reset(self, answer: tuple[int, bytes], wanted: int, attempt: Attempt) -> None:
        """Check the answer. After a refusal the session is reset for the next message."""
        try:
            self._accept(answer, wanted, attempt)
        except SendingFailed:
            try:
                if answer[0] == 421 or self._talking().rset()[0] != 250:
                    self.close()
            except (OSError, smtplib.SMTPException):
                self.close()
            raise

    def _shown(self, text: bytes) -> str:
        server = self._server
        if server.password is None:
            return readable(text)
        said = (encoded(server.password), plain_response(server.username or "", server.password))
        return readable(text, server.password, *said)


def _context(attempt: Attempt) -> ssl.SSLContext:
    """Return the TLS context. Raises SendingFailed."""
    try:
        return verifying_context(attempt.server.ca_file)
    except OSError as error:
        raise SendingFailed(authorities_unreadable(error.strerror or "unreadable", attempt.peer)) from error
