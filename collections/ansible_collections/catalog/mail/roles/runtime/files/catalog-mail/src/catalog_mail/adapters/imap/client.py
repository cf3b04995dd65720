"""One IMAP connection: the standard library's commands, with a socket and a reading of our own.

`imaplib` reads through a file, which hides whether a line has arrived already, and which is of no use any more after a
timeout; both matter while new mail is waited for.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from catalog_mail.adapters.connection import Deadline, certificate_name, connect
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer

# Bytes. A line holds at most a list of all messages; a literal one message, or a header.
LONGEST_LINE = 20 * 1024 * 1024
LONGEST_LITERAL = 256 * 1024 * 1024
_BLOCK = 256 * 1024
# Seconds without traffic until TCP asks whether the server is still there, and between its questions.
_KEEPALIVE = (60, 20)


class Client(imaplib.IMAP4):
    """A connected and greeted server. `enter` is told each stage before it begins."""

    def __init__(self, server: ImapServer, context: ssl.SSLContext | None, enter: Callable[[Stage], None]) -> None:
        self._server = server
        self._context = context
        self._enter = enter
        self._buffer = bytearray()
        self._source: socket.socket | None = None  # where the buffer was read from
        super().__init__(certificate_name(server.host), server.port, server.timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        """What imaplib reads from: connected, and encrypted where TLS comes first."""
        self._enter(Stage.CONNECT)
        connection = connect(self._server.host, self._server.port, Deadline(self._server.timeout))
        try:
            connection.settimeout(timeout)
            _keep_alive(connection)
            if self._context and self._server.tls is TLS.IMPLICIT:
                self._enter(Stage.TLS)
                connection = self._context.wrap_socket(connection, server_hostname=self.host)
        except OSError:
            connection.close()
            raise
        self._enter(Stage.GREETING)
        return connection

    def offers(self, capability: str) -> bool:
        """Whether the server names this capability."""
        return capability in self.capabilities

    def refresh_capabilities(self) -> None:
        """Ask again: after the login they are others (RFC 3501, 6.1.1)."""
        self._get_capabilities()

    def arrived(self, seconds: float) -> bool:
        """Wait so long for a line; it is not read yet. Raises OSError, or abort at the end of the connection."""
        deadline = time.monotonic() + seconds
        try:
            while b"\n" not in self._current():
                # Zero would mean: without waiting, which TLS tells in other ways.
                self.sock.settimeout(max(0.001, deadline - time.monotonic()))
                self._receive()
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(self._server.timeout)
        return True

    def readline(self) -> bytes:
        """The next line, with its end."""
        start = 0
        while (end := self._current().find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LONGEST_LINE:
                raise self.abort("the line is too long")
            self._receive()
        return self._taken(end + 1)

    def read(self, size: int) -> bytes:
        """The next so many bytes."""
        if size > LONGEST_LITERAL:
            raise self.abort("the literal is too long")
        while len(self._current()) < size:
            self._receive()
        return self._taken(size)

    def _current(self) -> bytearray:
        """What was read and not used; what came before TLS was started is forgotten (RFC 3501, 6.2.1)."""
        if self._source is not self.sock:
            self._source = self.sock
            self._buffer.clear()
        return self._buffer

    def _receive(self) -> None:
        data = self.sock.recv(_BLOCK)
        if not data:
            raise self.abort("the connection has ended")
        self._buffer += data

    def _taken(self, size: int) -> bytes:
        with memoryview(self._buffer) as view:
            data = bytes(view[:size])
        del self._buffer[:size]
        return data

    def pending(self) -> dict[str, Any]:
        """What the server has said without being asked, by kind; it is forgotten by this."""
        said: dict[str, Any] = self.untagged_responses
        self.untagged_responses = {}
        return said


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL"), _KEEPALIVE, strict=True):
        if hasattr(socket, name):  # Linux
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
