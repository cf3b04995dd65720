# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP connection under a deadline: the commands of `smtplib`, with sockets and logins of its own."""

from __future__ import annotations

import base64
import io
import re
import smtplib
import socket
import ssl
from typing import Any

from catalog_mail.adapters.connection import Deadline, certificate_name, encryption

# Bytes of one reply; RFC 5321, 4.5.3.1.5, limits a line to 512.
LONGEST_REPLY = 256 * 1024
# Replies to AUTH that concern the mechanism or its form, not the account (RFC 4954, 4 and 6).
_NOT_THIS_MECHANISM = frozenset({500, 501, 502, 504})
# A line that begins with a dot gets another one (RFC 5321, 4.5.2).
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class _TimedReader(io.RawIOBase):
    """Reads from a socket within the deadline, however slowly the bytes come."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes, at most until the deadline."""
        connection = self._conversation.connection
        connection.settimeout(self._conversation.deadline.remaining())
        size = connection.recv_into(buffer)
        self._conversation.received += size
        if self._conversation.received > LONGEST_REPLY:
            raise OSError(0, "its reply does not end")
        return size


class Conversation(smtplib.SMTP):
    """A connection before EHLO.

    `smtplib` restarts its timeout with each byte received, and logs in only with ASCII passwords.
    """

    def __init__(self, connection: socket.socket, host: str, deadline: Deadline) -> None:
        super().__init__(local_hostname=_own_name(connection))
        self.deadline = deadline
        self.received = 0  # bytes of the present reply
        self.sock: socket.socket | None = connection
        self._host = certificate_name(host)  # `starttls` checks the certificate against it

    @property
    def connection(self) -> socket.socket:
        """Return the open socket. Raises SMTPServerDisconnected when the connection has ended."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("closed")
        return self.sock

    def send(self, s: Any) -> None:
        """Send within the deadline."""
        self.connection.settimeout(self.deadline.remaining())
        try:
            super().send(s)
        except smtplib.SMTPServerDisconnected as error:
            raise _reason(error) from None

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer within the deadline; its code is -1 when it is not one of SMTP."""
        if self.file is None:
            self.file = io.BufferedReader(_TimedReader(self))
        self.received = 0
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise _reason(error) from None
        except smtplib.SMTPResponseException:  # a line that is too long; the connection is closed
            return -1, b""

    def greet(self) -> tuple[int, bytes]:
        """Send EHLO; HELO to a server that does not know EHLO (RFC 5321, 3.2)."""
        answer = self.ehlo()
        return self.helo() if answer[0] in {500, 502} else answer

    def command(self, *lines: str) -> None:
        """Send commands; several at once only to a server with PIPELINING (RFC 2920). Raises ValueError for a line end in one."""
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a command has a line end")
        self.send("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    def send_content(self, message: bytes) -> None:
        """Send the message and the line that ends it. After an exception the server has not seen that line."""
        end = b"" if message.endswith(b"\r\n") else b"\r\n"
        self.send(_LEADING_DOT.sub(b"..", message) + end + b".\r\n")

    def start_tls(self, context: ssl.SSLContext) -> tuple[int, bytes]:
        """Send STARTTLS (RFC 3207), and discard what the server said before it. Returns its answer, also a refusal."""
        self.connection.settimeout(self.deadline.remaining())
        try:
            return self.starttls(context=context)
        except smtplib.SMTPResponseException as error:
            return error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()

    def mechanisms(self) -> list[str]:
        """Return the login mechanisms that the server offers (RFC 4954), in upper case."""
        return str(self.esmtp_features.get("auth", "")).upper().split()

    def log_in(self, username: str, password: str) -> tuple[int, bytes]:
        """Log in by AUTH PLAIN (RFC 4616), or LOGIN when PLAIN is not offered or not known; both in UTF-8.

        Returns the last answer.
        """
        mechanisms = self.mechanisms()
        if "PLAIN" in mechanisms:
            answer = self.docmd("AUTH", "PLAIN " + plain_response(username, password))
            if answer[0] == 334:  # the server takes no initial response
                answer = self.docmd(plain_response(username, password))
            other = answer[0] in _NOT_THIS_MECHANISM or (answer[0] == 535 and b"mechanism" in answer[1].lower())
            if not other or "LOGIN" not in mechanisms:
                return answer
        code, text = self.docmd("AUTH", "LOGIN")
        for word in (username, password):
            if code != 334:
                break
            code, text = self.docmd(encoded(word))
        return code, text

    def encryption(self) -> str | None:
        """Return protocol and cipher; None for a plain connection."""
        return encryption(self.sock)


def _reason(error: smtplib.SMTPServerDisconnected) -> Exception:
    """Return the socket's exception, which smtplib hides behind "disconnected"; the error itself at the end of the connection."""
    return error.__context__ if isinstance(error.__context__, OSError) else error


def _own_name(connection: socket.socket) -> str:
    """Return the name for EHLO: this host's full name, else an address literal (RFC 5321, 4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address: str = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def plain_response(username: str, password: str) -> str:
    """Return the response of AUTH PLAIN, as secret as the password."""
    return encoded(f"\0{username}\0{password}")


def encoded(text: str) -> str:
    """Return UTF-8 in base64, as logins need it."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
