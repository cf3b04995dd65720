# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send POST requests over a kept connection (HTTP/1.1, RFC 9112).

For one destination, without redirects, proxies and cookies; of an answer, only its status, Retry-After and the beginning of its
body are read. A library for all of HTTP takes several times the processor time for a request.
"""

from __future__ import annotations

import base64
import re
import select
import socket
import ssl
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, quote, unquote, urlsplit

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, verifying_context

# Bytes of an answer's head, and of its body, that are read.
MOST_HEAD = 65_536
MOST_BODY = 65_536
# Answers with a status below 200 before the final one.
_MOST_INTERIM = 10
_BLOCK = 65_536
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?![^\s])")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_WITHOUT_BODY = frozenset({204, 304})
# What a URL's path may hold unquoted (RFC 3986, 3.3).
_PATH = "/%:@!$&'()*+,;=-._~"
_QUERY = f"{_PATH}?"


class ConnectTimedOut(TimeoutError):
    """No connection was made in time."""


class MalformedAnswer(ValueError):
    """The answer is not HTTP."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request. `body` is its beginning, empty when it could not be read; the status tells the result."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True)
class Destination:
    """A URL; `ca_file` holds the only trusted authorities, None for those of the host."""

    url: str
    ca_file: str | None = None

    @cached_property
    def place(self) -> tuple[str, int]:
        """The host and its port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @cached_property
    def context(self) -> ssl.SSLContext | None:
        """The TLS context; None for a URL without TLS. Raises OSError for a CA file that cannot be used."""
        return verifying_context(self.ca_file) if urlsplit(self.url).scheme == "https" else None

    @cached_property
    def head(self) -> bytes:
        """The first lines of each request. User and password of the URL become Basic authentication (RFC 7617)."""
        parts = urlsplit(self.url)
        lines = [f"POST {_target(parts)} HTTP/1.1"]
        lines += [f"Host: {_ascii(parts.netloc.rpartition('@')[2])}", "User-Agent: catalog-mail"]
        lines += ["Accept: */*", "Accept-Encoding: identity"]
        if parts.username is not None:
            words = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode("latin-1", "replace")
            lines.append(f"Authorization: Basic {base64.b64encode(words).decode('ascii')}")
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")


class PostConnection:
    """A connection to one destination, made at the first request and kept. For one thread at a time.

    `seconds` limits connecting, the head of an answer, and its body, each.
    """

    def __init__(self, destination: Destination, seconds: float) -> None:
        self._destination = destination
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._deadline = Deadline(seconds)

    def post(self, headers: str, content: bytes) -> Answer:
        """Send a request with these header lines, each with CRLF; once more if a connection is lost without an answer.

        Raises ConnectTimedOut, TimeoutError (whether the request has arrived is not known), ssl.SSLError, other OSErrors, and
        ValueError for an answer other than HTTP or a host that has no valid name.
        """
        request = self._destination.head + f"{headers}Content-Length: {len(content)}\r\n\r\n".encode("ascii") + content
        kept = self._is_alive()
        try:
            return self._exchange(request)
        except TimeoutError:
            raise
        except ssl.SSLError:
            if not kept:
                raise
        except (OSError, MalformedAnswer):  # the other side may just have closed the kept connection
            pass
        return self._exchange(request)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _is_alive(self) -> bool:
        """Return whether there is a connection that the other side has not closed; nothing can be read from such a one."""
        if self._socket is None:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if poll.poll(0):
            self.close()
        return self._socket is not None

    def _exchange(self, request: bytes) -> Answer:
        try:
            if self._socket is None:
                self._open()
            self._begin_wait()
            self._connected.sendall(request)
            return self._answer()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        host, port = self._destination.place
        context = self._destination.context
        self._buffer.clear()
        try:
            connection = connect(host, port, Deadline(self._seconds))
        except TimeoutError as error:
            raise ConnectTimedOut from error
        self._socket = connection
        connection.settimeout(self._seconds)
        if context is not None:
            self._socket = context.wrap_socket(connection, server_hostname=certificate_name(host))

    @property
    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionError("the connection is closed")
        return self._socket

    def _begin_wait(self) -> None:
        self._deadline = Deadline(self._seconds)
        self._connected.settimeout(self._seconds)

    # -- reading ---------------------------------------------------------------------------------------------------------

    def _answer(self) -> Answer:
        for _each in range(_MOST_INTERIM):
            version, status, headers = self._head()
            if status >= 200 or status == 101:
                break
        else:
            raise MalformedAnswer
        self._begin_wait()
        try:
            body, whole = self._body(status, headers)
        except (OSError, ValueError):
            body, whole = b"", False
        connection = headers.get(b"connection", b"").lower()
        if not whole or self._buffer or b"close" in connection or (version == 0 and b"keep-alive" not in connection):
            self.close()
        retry_after = headers.get(b"retry-after")
        return Answer(status, retry_after.decode("latin-1") if retry_after is not None else None, body)

    def _head(self) -> tuple[int, int, dict[bytes, bytes]]:
        """Return the version after `HTTP/1.`, the status, and the first header of each name, in lower case."""
        while not (end := _HEAD_END.search(self._buffer)):
            if len(self._buffer) > MOST_HEAD:
                raise MalformedAnswer
            self._receive()
        first, *lines = self._take(end.end()).rstrip().split(b"\n")
        status = _STATUS.match(first)
        if status is None:
            raise MalformedAnswer
        headers: dict[bytes, bytes] = {}
        for line in lines:
            name, _colon, value = line.partition(b":")
            headers.setdefault(name.strip().lower(), value.strip())
        return int(status[1]), int(status[2]), headers

    def _body(self, status: int, headers: dict[bytes, bytes]) -> tuple[bytes, bool]:
        """Return the beginning of the body, and whether all of it was read (RFC 9112, 6.3). An endless or slow body is cut."""
        if status in _WITHOUT_BODY:
            return b"", True
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            return self._chunks()
        length = headers.get(b"content-length")
        if length is None:
            return self._exactly(MOST_BODY), False
        if not _LENGTH.fullmatch(length):
            raise MalformedAnswer
        body = self._exactly(min(int(length), MOST_BODY))
        return body, len(body) == int(length)

    def _chunks(self) -> tuple[bytes, bool]:
        """Return the beginning of a body sent in chunks (RFC 9112, 7.1), and whether all of it was read."""
        body = b""
        while len(body) < MOST_BODY:
            size = _CHUNK.fullmatch(self._line())
            if size is None:
                raise MalformedAnswer
            wanted = int(size[1], 16)
            if wanted == 0:
                while self._line():  # the trailer
                    pass
                return body, True
            piece = self._exactly(min(wanted, MOST_BODY))
            body += piece
            if len(piece) < wanted or self._line():
                break
        return body, False

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MOST_HEAD:
                raise MalformedAnswer
            self._receive()
        return self._take(end + 1).rstrip(b"\r\n")

    def _exactly(self, size: int) -> bytes:
        """Return this many bytes; fewer when the connection or the time ends before."""
        try:
            while len(self._buffer) < size:
                self._receive()
        except OSError:
            size = len(self._buffer)
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        self._connected.settimeout(self._deadline.remaining())
        data = self._connected.recv(_BLOCK)
        if not data:
            raise ConnectionResetError("the connection has ended")
        self._buffer += data


def _target(parts: SplitResult) -> str:
    """Return path and query of a URL as a request names them."""
    query = f"?{quote(parts.query, _QUERY)}" if parts.query else ""
    return (quote(parts.path, _PATH) or "/") + query


def _ascii(host: str) -> str:
    """Return host and port as the header Host has them: an international name in its xn-- form."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # connecting will fail
        return host.encode("ascii", "replace").decode("ascii")
