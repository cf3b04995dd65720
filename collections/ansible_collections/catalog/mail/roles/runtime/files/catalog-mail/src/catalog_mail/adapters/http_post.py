# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send POST requests over a kept connection (HTTP/1.1, RFC 9112).

For one destination, without redirects, proxies and cookies; of an answer, only its status, Retry-After and the beginning of its
body are used, within a time that no slow answer extends. `requests` takes eight times the processor time, the standard library's
HTTP client twice.
"""

from __future__ import annotations

import base64
import select
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, quote, unquote, urlsplit

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, verifying_context
from catalog_mail.adapters.http_answer import AnswerReader, MalformedAnswer

_BLOCK = 65_536
# What a URL's path may hold unquoted (RFC 3986, 3.3).
_PATH = "/%:@!$&'()*+,;=-._~"
_QUERY = f"{_PATH}?"


class ConnectTimedOut(TimeoutError):
    """No connection was made in time."""


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
    def target(self) -> str:
        """Path and query as a request names them."""
        parts = urlsplit(self.url)
        query = f"?{quote(parts.query, _QUERY)}" if parts.query else ""
        return (quote(parts.path, _PATH) or "/") + query

    @cached_property
    def head(self) -> str:
        """The first lines of each request. User and password of the URL become Basic authentication (RFC 7617)."""
        parts = urlsplit(self.url)
        headers = {"Host": _ascii(parts.netloc.rpartition("@")[2]), "User-Agent": "catalog-mail", "Accept": "*/*"}
        return f"POST {self.target} HTTP/1.1\r\n" + _lines({**headers, "Accept-Encoding": "identity", **_authorization(parts)})


class PostConnection:
    """A connection to one destination, made at the first request and kept. For one thread at a time.

    `seconds` limits connecting, the head of an answer, and its body, each.
    """

    def __init__(self, destination: Destination, seconds: float) -> None:
        self._destination = destination
        self._connection = _Connection(destination, seconds)

    def post(self, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send a request; once more if a kept connection is lost without an answer. `headers` are printable ASCII.

        Raises ConnectTimedOut, TimeoutError (whether the request has arrived is not known), ssl.SSLError, other OSErrors, and
        ValueError for an answer other than HTTP or a host that has no valid name.
        """
        length = f"Content-Length: {len(content)}\r\n\r\n"
        request = f"{self._destination.head}{_lines(headers)}{length}".encode("ascii") + content
        kept = self._connection.is_alive()
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
        self._connection.close()

    def _exchange(self, request: bytes) -> Answer:
        try:
            return self._connection.exchange(request)
        except BaseException:
            self.close()
            raise


class _Connection:
    """Connects and verifies as every connection of the service, and limits the time of each answer."""

    def __init__(self, destination: Destination, seconds: float) -> None:
        self._destination = destination
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._deadline = Deadline(seconds)

    def is_alive(self) -> bool:
        """Return whether there is a connection that the other side has not closed; nothing can be read from such a one."""
        if self._socket is None:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if poll.poll(0):
            self.close()
        return self._socket is not None

    def exchange(self, request: bytes) -> Answer:
        """Send a request and return the answer. Raises as PostConnection.post."""
        connection = self._socket = self._socket or self._connect()

        def receive() -> bytes:
            connection.settimeout(self._deadline.remaining())
            return connection.recv(_BLOCK)

        reader = AnswerReader(receive)
        self._deadline = Deadline(self._seconds)
        connection.settimeout(self._seconds)
        connection.sendall(request)
        head = reader.head()
        self._deadline = Deadline(self._seconds)
        body, is_whole = b"", False
        with suppress(OSError, MalformedAnswer):
            body, is_whole = reader.body(head)
        if head.ends_connection or not is_whole:
            self.close()
        return Answer(head.status, ", ".join(head.headers.get("retry-after", ())) or None, body)

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _connect(self) -> socket.socket:
        """Connect to the destination. Raises ConnectTimedOut, ssl.SSLError, OSError."""
        host, port = self._destination.place
        context = self._destination.context
        try:
            connection = connect(host, port, Deadline(self._seconds))
        except TimeoutError as error:
            raise ConnectTimedOut from error
        connection.settimeout(self._seconds)
        if context is None:
            return connection
        try:
            return context.wrap_socket(connection, server_hostname=certificate_name(host))
        except BaseException:
            connection.close()
            raise


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


def _authorization(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode("latin-1", "replace")
    return {"Authorization": f"Basic {base64.b64encode(words).decode('ascii')}"}


def _ascii(host: str) -> str:
    """Return host and port as the header Host has them: an international name in its xn-- form."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # connecting will fail
        return host.encode("ascii", "replace").decode("ascii")
