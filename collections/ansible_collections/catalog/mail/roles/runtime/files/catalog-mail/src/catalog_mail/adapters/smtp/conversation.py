"""One SMTP connection under a deadline: the standard library's commands, with sockets and logins of our own."""

from __future__ import annotations

import base64
import io
import smtplib
import socket
import ssl
import time
from typing import Any


class Deadline:
    """The moment by which a hand-over has to be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left. Raises TimeoutError when none is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _TimedReader(io.RawIOBase):
    """Reads from a socket, and never past the deadline, however slowly the bytes come."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def readable(self) -> bool:
        """It is read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes, at most as long as the deadline allows."""
        connection = self._conversation.connection
        connection.settimeout(self._conversation.deadline.remaining())
        return connection.recv_into(buffer)


class Conversation(smtplib.SMTP):
    """A connected, not yet greeted server.

    `smtplib` alone counts its time limit anew for each byte that arrives, and logs in with ASCII passwords only.
    """

    def __init__(self, connection: socket.socket, host: str, deadline: Deadline) -> None:
        super().__init__(local_hostname=_own_name(connection))
        self.deadline = deadline
        self.sock: socket.socket | None = connection
        self._host = certificate_name(host)  # what `starttls` checks the certificate against

    @property
    def connection(self) -> socket.socket:
        """The open socket. Raises SMTPServerDisconnected if there is none any more."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("closed")
        return self.sock

    def send(self, s: Any) -> None:
        """Send, within the deadline."""
        self.connection.settimeout(self.deadline.remaining())
        try:
            super().send(s)
        except smtplib.SMTPServerDisconnected as error:
            raise _reason(error) from None

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer, within the deadline."""
        if self.file is None:
            self.file = io.BufferedReader(_TimedReader(self))
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise _reason(error) from None

    def start_tls(self, context: ssl.SSLContext) -> tuple[int, bytes]:
        """STARTTLS (RFC 3207), and forget what the server said before it."""
        self.connection.settimeout(self.deadline.remaining())
        return self.starttls(context=context)

    def mechanisms(self) -> list[str]:
        """The ways to log in that the server offers (RFC 4954), upper case."""
        return str(self.esmtp_features.get("auth", "")).upper().split()

    def log_in(self, username: str, password: str) -> tuple[int, bytes]:
        """AUTH PLAIN (RFC 4616), or LOGIN where only that is offered; both in UTF-8. Returns the last answer."""
        if "PLAIN" in self.mechanisms():
            return self.docmd("AUTH", "PLAIN " + plain_response(username, password))
        code, text = self.docmd("AUTH", "LOGIN")
        for word in (username, password):
            if code != 334:
                break
            code, text = self.docmd(encoded(word))
        return code, text

    def encryption(self) -> str | None:
        """Protocol and cipher, or None for a plain connection."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return None
        cipher = self.sock.cipher()
        return f"{self.sock.version()} {cipher[0] if cipher else ''}".strip()


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that answers; each gets its share of the time. Raises OSError."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    errors: list[OSError] = []
    for number, (family, kind, protocol, _name, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.remaining() / (len(addresses) - number))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            errors.append(error)
        else:
            return connection
    # A refusal says more than the unreachable IPv6 address tried after it.
    raise next((error for error in errors if isinstance(error, ConnectionRefusedError)), errors[-1])


def certificate_name(host: str) -> str:
    """The name that a server's certificate is for: without the dot that ends an absolute name (RFC 6066, 3)."""
    return host.rstrip(".")


def _reason(error: smtplib.SMTPServerDisconnected) -> Exception:
    """What the socket raised, which smtplib hides behind "disconnected"; else the error itself: the end was reached."""
    return error.__context__ if isinstance(error.__context__, OSError) else error


def _own_name(connection: socket.socket) -> str:
    """What to say in EHLO: this host's full name, else the address literal that RFC 5321, 4.1.4 asks for."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address: str = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def plain_response(username: str, password: str) -> str:
    """What AUTH PLAIN sends; as secret as the password."""
    return encoded(f"\0{username}\0{password}")


def encoded(text: str) -> str:
    """UTF-8 in base64, as logins are sent."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
