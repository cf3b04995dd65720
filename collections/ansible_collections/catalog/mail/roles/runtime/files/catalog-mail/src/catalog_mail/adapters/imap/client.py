# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP connection: the commands of `imaplib`, with a socket and buffered reading of its own.

`imaplib` reads through a file object, which hides whether a line has arrived, and which cannot be used after a timeout;
waiting for new mail needs both.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from catalog_mail.adapters.connection import Deadline, certificate_name, connect
from catalog_mail.adapters.imap.failing import Farewell
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer

# In bytes. The longest line is a list of all messages; the longest literal is one message, or a header.
LONGEST_LINE = 20 * 1024 * 1024
LONGEST_LITERAL = 256 * 1024 * 1024
# All responses to one command.
LONGEST_ANSWER = LONGEST_LITERAL + LONGEST_LINE
_BLOCK = 256 * 1024
# Seconds that one command may last after the login, with responses in the meantime: Dovecot reports the progress of a SEARCH.
LONGEST_COMMAND = 15 * 60.0
# Seconds without traffic until TCP keepalive begins, and between its probes.
_KEEPALIVE = (60, 20)
# The end of a command without the text that RFC 3501, 7.1, requires; imaplib does not read it.
_WITHOUT_TEXT = re.compile(rb"[A-Za-z0-9]+ (?:OK|NO|BAD)")
_FETCHED = re.compile(rb"\* (\d+) FETCH(?= )")
_LITERAL = re.compile(rb"\{(\d+)\}\Z")
_GREETING = re.compile(rb"\* (OK|PREAUTH|NO|BAD)\b ?(.*)")
# The words of a response that are read without regard to case (RFC 3501, 9); imaplib reads them in upper case alone.
_KEYWORD = re.compile(rb"((?:\*(?: \d{1,20})?|[A-P]{4}\d+) )([A-Za-z-]+)( \[[A-Za-z0-9-]+)?")


class Client(imaplib.IMAP4):
    """A connection after the server's greeting. `enter` is called with each stage before it begins."""

    def __init__(self, server: ImapServer, context: ssl.SSLContext | None, enter: Callable[[Stage], None]) -> None:
        self._server = server
        self._context = context
        self._enter = enter
        self._buffer = bytearray()
        self._source: socket.socket | None = None  # the socket that filled the buffer
        self._refusal: bytes | None = None
        self._unread: bytes | None = None  # a line that was looked at
        self._end = float("inf")
        self._received = 0
        super().__init__(certificate_name(server.host), server.port, server.timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        """Return the socket that imaplib reads from: connected, and encrypted when TLS comes first."""
        self._enter(Stage.CONNECT)
        connection = connect(self._server.host, self._server.port, Deadline(self._server.timeout))
        try:
            connection.settimeout(timeout)
            _keep_alive(connection)
            if self._context and self._server.tls is TLS.IMPLICIT:
                self._enter(Stage.TLS)
                connection = self._context.wrap_socket(connection, server_hostname=self.host)
        except (OSError, ValueError):
            connection.close()
            raise
        self._enter(Stage.GREETING)
        self.begin_answer()
        return connection

    def _connect(self) -> None:
        """Read greeting and capabilities. Raises Farewell when the server greets with BYE."""
        try:
            super()._connect()  # type: ignore[misc]  # not in typeshed
        except self.abort:
            raise
        except self.error as error:
            self._check_bye()
            greeting = _GREETING.match(self.welcome or b"")
            if greeting is None:
                raise self.error("no greeting of an IMAP server") from error
            if greeting[1] in {b"NO", b"BAD"}:
                raise self.error(greeting[2]) from error
            raise

    def _check_bye(self) -> None:
        """Raise Farewell when the server has ended the session."""
        if farewell := self.untagged_responses.get("BYE"):
            raise Farewell(farewell[-1] if isinstance(farewell[-1], bytes) else b"")

    def begin_answer(self) -> None:
        """Begin to count the time and the bytes of an answer: each is limited, whatever a server sends."""
        limit = LONGEST_COMMAND if self.state in {"AUTH", "SELECTED"} else self._server.timeout
        self._end = time.monotonic() + limit
        self._received = 0

    def _command(self, name: str, *args: Any) -> Any:
        self.begin_answer()
        return super()._command(name, *args)  # type: ignore[misc]  # not in typeshed

    def offers(self, capability: str) -> bool:
        """Return whether the server offers this capability."""
        return capability in self.capabilities

    def refresh_capabilities(self) -> None:
        """Request the capabilities again: they change after the login (RFC 3501, 6.1.1)."""
        self._get_capabilities()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[Any, Any]:
        """Start TLS. Raises imaplib's error with the server's own words when the server refuses."""
        found: tuple[Any, Any] = self._with_refusal(lambda: super(Client, self).starttls(ssl_context))
        return found

    def authenticate(self, mechanism: str, authobject: Callable[[bytes], bytes | None]) -> tuple[str, str]:
        """Log in by a mechanism. Raises imaplib's error with the server's own words when the server refuses."""
        found: tuple[str, str] = self._with_refusal(lambda: super(Client, self).authenticate(mechanism, authobject))
        return found

    def _with_refusal(self, step: Callable[[], Any]) -> Any:
        self._refusal = None
        try:
            return step()
        except self.abort:
            raise
        except self.error as error:
            raise self.error(self._refusal or b"") from error

    def _get_capabilities(self) -> None:
        """Request the capabilities; after the login the known ones hold when the server refuses.

        Those that the server sent by itself before do not count: after STARTTLS anybody may have sent them.
        """
        self.untagged_responses.pop("CAPABILITY", None)
        status, data = self.capability()
        if status == "OK" and data and isinstance(data[-1], bytes):
            self.capabilities = tuple(data[-1].decode("ascii", "replace").upper().split())
        elif self.state != "AUTH" or not self.capabilities:
            raise self.error(self._refusal or b"")

    def _get_line(self) -> bytes:
        """Return the next line without its end. imaplib would also format each line for its log."""
        if self._unread is not None:
            line, self._unread = self._unread, None
            return line
        line = self.readline()
        if not line.endswith(b"\r\n"):
            raise self.abort("a line has no end")
        line = line[:-2]
        if keyword := _KEYWORD.match(line):
            line = keyword[0].upper() + line[keyword.end() :]
        return line + b" " if _WITHOUT_TEXT.fullmatch(line) else line

    def _get_response(self) -> Any:
        """Read a response, as imaplib does. Those to FETCH, of which there are two for each message, are read in fewer steps."""
        line = self._get_line()
        found = _FETCHED.match(line)
        if found is None:
            self._unread = line
            return super()._get_response()  # type: ignore[misc]  # not in typeshed
        data = found[1] + line[found.end() :]
        while data.endswith(b"}") and (literal := _LITERAL.search(data)):
            self._append_untagged("FETCH", (data, self.read(int(literal[1]))))
            data = self._get_line()
        self._append_untagged("FETCH", data)
        return line

    def _get_tagged_response(self, tag: Any, expect_bye: bool = False) -> tuple[str, list[Any]]:  # imaplib's
        """Return status and text of a command's end. BAD counts as NO: servers answer with either to what they do not do."""
        status, data = super()._get_tagged_response(tag, expect_bye)  # type: ignore[misc]  # not in typeshed
        if status in {"NO", "BAD"}:
            self._refusal = data[-1] if data and isinstance(data[-1], bytes) else b""
            return "NO", data
        return status, data

    def arrived(self, seconds: float) -> bool:
        """Wait up to `seconds` for a line, without reading it. Raises OSError, or abort at the end of the connection."""
        deadline = time.monotonic() + seconds
        self.begin_answer()
        searched = 0
        try:
            while self._current().find(b"\n", searched) < 0:
                searched = len(self._buffer)
                if searched > LONGEST_LINE:
                    raise self.abort("the line is too long")
                if self._received and time.monotonic() >= deadline:
                    return False
                # Zero would make the socket non-blocking, and TLS reports that in other ways.
                self.sock.settimeout(max(0.001, deadline - time.monotonic()))
                self._receive()
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(self._server.timeout)
        return True

    def readline(self) -> bytes:
        """Return the next line, with its end."""
        start = 0
        while (end := self._current().find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LONGEST_LINE:
                raise self.abort("the line is too long")
            self._receive()
        return self._taken(end + 1)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        if size > LONGEST_LITERAL:
            raise self.abort("the literal is too long")
        while len(self._current()) < size:
            self._receive()
        return self._taken(size)

    def _current(self) -> bytearray:
        """Return the unread buffer; bytes from before STARTTLS are discarded (RFC 3501, 6.2.1)."""
        if self._source is not self.sock:
            self._source = self.sock
            self._buffer.clear()
        return self._buffer

    def _receive(self) -> None:
        if time.monotonic() >= self._end or self._received > LONGEST_ANSWER:
            raise self.abort("the answer is too long")
        data = self.sock.recv(_BLOCK)
        if not data:
            self._check_bye()
            raise self.abort("the connection has ended")
        self._received += len(data)
        self._buffer += data

    def _taken(self, size: int) -> bytes:
        with memoryview(self._buffer) as view:
            data = bytes(view[:size])
        del self._buffer[:size]
        return data

    def pending(self) -> dict[str, Any]:
        """Return and clear the server's unsolicited responses, by kind."""
        said: dict[str, Any] = self.untagged_responses
        self.untagged_responses = {}
        return said


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL"), _KEEPALIVE, strict=True):
        if hasattr(socket, name):  # Linux
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
