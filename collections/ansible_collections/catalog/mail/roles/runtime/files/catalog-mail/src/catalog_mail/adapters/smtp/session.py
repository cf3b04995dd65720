# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with one SMTP server: EHLO, TLS, login, and one message after the other."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from datetime import datetime

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, expiry, plain, verifying_context
from catalog_mail.adapters.smtp.conversation import Conversation, encoded, plain_response
from catalog_mail.domain.failures.connection import authorities_unreadable, network_failure, readable, tls_not_offered
from catalog_mail.domain.failures.failure import SendingFailed
from catalog_mail.domain.failures.smtp import Attempt, Stage, answer_failure, login_not_offered
from catalog_mail.domain.settings.document import TLS
from catalog_mail.ports.sending import Evidence


class Finished(Exception):
    """A session that has carried messages took no more: the message may be tried at once on a new one.

    The server has not accepted the message. `code` and `text` are its answer, None and "" when the connection ended without one.
    """

    def __init__(self, refusal: SendingFailed) -> None:
        super().__init__(refusal.cause)
        self.code = refusal.failure.smtp_code
        self.text = refusal.failure.smtp_text or ""


class Session:
    """An open connection. `attempt` of the constructor has the first message's sender and recipient, for error sentences."""

    def __init__(self, attempt: Attempt, deadline: Deadline) -> None:
        """Connect, encrypt, log in. Raises SendingFailed."""
        self._server = attempt.server
        self._stage = Stage.CONNECT
        self._conversation: Conversation | None = None
        self.used_at = time.monotonic()
        self.count = 0
        self._may_be_accepted = False
        try:
            self._open(attempt, deadline)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise SendingFailed(network_failure(plain(error), self._stage, attempt.peer)) from error
        except SendingFailed:
            self.close()
            raise

    def send(self, message: bytes, attempt: Attempt, deadline: Deadline) -> Evidence:
        """Hand over one message. Raises SendingFailed, or Finished when a new session may be tried at once.

        After a refusal the session is closed, or reset for the next message. Neither a message that the server may have accepted
        nor one whose time is over is tried again here.
        """
        started = time.monotonic()
        conversation = self._talking()
        conversation.deadline = deadline
        self._may_be_accepted = False
        self.count += 1
        try:
            response = self._hand_over(conversation, message, attempt)
        except SendingFailed as error:
            if self._used and not self._may_be_accepted:
                raise Finished(error) from error
            raise
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            failed = SendingFailed(network_failure(plain(error), self._stage, attempt.peer))
            if self._used and not self._may_be_accepted and not isinstance(error, TimeoutError):
                raise Finished(failed) from error
            raise failed from error
        self.used_at = time.monotonic()
        return Evidence(
            server=f"{self._server.host}:{self._server.port}",
            response=response,
            tls=conversation.encryption(),
            authenticated=self._server.username,
            seconds=round(self.used_at - started, 3),
        )

    def offer_sender(self, attempt: Attempt) -> datetime | None:
        """Have the server judge the sender of a message that is never sent; return when its certificate expires.

        None is a connection without TLS. Raises SendingFailed. The session is of no use afterwards.
        """
        conversation = self._talking()
        self._stage = Stage.SENDER
        try:
            conversation.command(f"MAIL FROM:<{attempt.sender}>")
            self._accept(conversation.getreply(), 250, attempt)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise SendingFailed(network_failure(plain(error), self._stage, attempt.peer)) from error
        return expiry(conversation.sock)

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

    @property
    def _used(self) -> bool:
        """Return whether another message was begun in this session before the present one."""
        return self.count > 1

    def _talking(self) -> Conversation:
        if self._conversation is None:
            raise smtplib.SMTPServerDisconnected("closed")
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
        code, text = conversation.greet()
        self._accept((code, text), 250, attempt)
        if code != 250:  # the answer to another command: without a list of extensions
            raise SendingFailed(answer_failure(self._stage, code, self._shown(text), attempt))

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
        size = f" SIZE={len(message)}" if conversation.has_extn("size") else ""
        commands = [f"MAIL FROM:<{attempt.sender}>{size}", f"RCPT TO:<{attempt.recipient}>", "DATA"]
        together = conversation.has_extn("pipelining")
        if together:
            conversation.command(*commands)
        for number, stage in enumerate((Stage.SENDER, Stage.RECIPIENT, Stage.CONTENT)):
            self._stage = stage
            if not together:
                conversation.command(commands[number])
            unread = len(commands) - number - 1 if together else 0
            # 354 is the answer to DATA to go on (RFC 5321, 4.1.1.4).
            self._accept_or_reset(conversation.getreply(), 354 if stage is Stage.CONTENT else 250, attempt, unread)
        conversation.send_content(message)
        self._may_be_accepted = True
        answer = conversation.getreply()
        # Only 4yz and 5yz say that the server has not accepted the message (RFC 5321, 4.2.1).
        self._may_be_accepted = not 400 <= answer[0] <= 599
        self._accept_or_reset(answer, 250, attempt)
        return f"{answer[0]} {self._shown(answer[1])}"

    def _accept(self, answer: tuple[int, bytes], wanted: int, attempt: Attempt) -> None:
        code, text = answer
        # The first digit decides (RFC 5321, 4.2.1 and 4.3.2): 251, for one, is a server that forwards the message.
        if code // 100 != wanted // 100:
            raise SendingFailed(answer_failure(self._stage, code, self._shown(text), attempt))

    def _accept_or_reset(self, answer: tuple[int, bytes], wanted: int, attempt: Attempt, unread: int = 0) -> None:
        """Check the answer. After a refusal a new session is reset for the next message, and a used one ends.

        `unread` is the number of commands after the present one that are sent already, of which the last is DATA.
        """
        try:
            self._accept(answer, wanted, attempt)
        except SendingFailed:
            self._reset_or_end(answer[0], unread)
            raise

    def _reset_or_end(self, code: int, unread: int) -> None:
        # 421: the server closes the connection (RFC 5321, 3.8). Below 400: nobody knows which command it has answered.
        if code == 421 or code < 400 or (unread and not self._refuses_content(unread)):
            self.close()
        elif self._used:
            self.quit()
        else:
            try:
                if self._talking().rset()[0] != 250:
                    self.close()
            except (OSError, smtplib.SMTPException):
                self.close()

    def _refuses_content(self, unread: int) -> bool:
        """Read the answers to the commands sent already; False when the server waits for the content, or answers no more."""
        code = 0
        try:
            for _command in range(unread):
                code = self._talking().getreply()[0]
        except (OSError, smtplib.SMTPException):
            return False
        return code >= 400

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
