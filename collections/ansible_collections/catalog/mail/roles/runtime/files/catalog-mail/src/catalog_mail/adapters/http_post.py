# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send POST requests over a kept connection of the standard library's HTTP client.

For one destination, without redirects, proxies and cookies; of an answer, only its status, Retry-After and the beginning of its
body are read, within a time that no slow answer extends. `requests` takes four times the processor time.
"""

from __future__ import annotations

import base64
import http.client
import io
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, verifying_context

# Bytes of an answer's body that are read.
MOST_BODY = 65_536
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
    def target(self) -> str:
        """Path and query as a request names them."""
        parts = urlsplit(self.url)
        query = f"?{quote(parts.query, _QUERY)}" if parts.query else ""
        return (quote(parts.path, _PATH) or "/") + query

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers of each request. User and password of the URL become Basic authentication (RFC 7617)."""
        parts = urlsplit(self.url)
        headers = {"Host": _ascii(parts.netloc.rpartition("@")[2]), "User-Agent": "catalog-mail", "Accept": "*/*"}
        return headers | _authorization(parts)


class PostConnection:
    """A connection to one destination, made at the first request and kept. For one thread at a time.

    `seconds` limits connecting, the head of an answer, and its body, each.
    """

    def __init__(self, destination: Destination, seconds: float) -> None:
        self._destination = destination
        self._connection = _Connection(destination, seconds)

    def post(self, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send a request; once more if a kept connection is lost without an answer.

        Raises ConnectTimedOut, TimeoutError (whether the request has arrived is not known), ssl.SSLError, other OSErrors, and
        ValueError for an answer other than HTTP or a host that has no valid name.
        """
        headers = {**self._destination.headers, **headers}
        kept = self._connection.is_alive()
        try:
            return self._exchange(headers, content)
        except TimeoutError:
            raise
        except ssl.SSLError:
            if not kept:
                raise
        except (OSError, MalformedAnswer):  # the other side may just have closed the kept connection
            pass
        return self._exchange(headers, content)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, headers: Mapping[str, str], content: bytes) -> Answer:
        try:
            return self._connection.exchange(headers, content)
        except http.client.HTTPException as error:
            self.close()
            if isinstance(error, OSError):  # closed without an answer
                raise
            raise MalformedAnswer from error
        except BaseException:
            self.close()
            raise


class _Connection(http.client.HTTPConnection):
    """Connects and verifies as every connection of the service, and limits the time of each answer."""

    sock: _TimedSocket | None

    def __init__(self, destination: Destination, seconds: float) -> None:
        super().__init__(*destination.place)
        self._destination = destination
        self._seconds = seconds

    def connect(self) -> None:
        """Connect to the destination. Raises ConnectTimedOut, ssl.SSLError, OSError."""
        host, port = self._destination.place
        context = self._destination.context
        try:
            connection = connect(host, port, Deadline(self._seconds))
        except TimeoutError as error:
            raise ConnectTimedOut from error
        connection.settimeout(self._seconds)
        self.sock = _TimedSocket(connection)
        if context is not None:
            self.sock.connection = context.wrap_socket(connection, server_hostname=certificate_name(host))

    def is_alive(self) -> bool:
        """Return whether there is a connection that the other side has not closed; nothing can be read from such a one."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock.connection, select.POLLIN)
        if poll.poll(0):
            self.close()
        return self.sock is not None

    def exchange(self, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send a request and return the answer. Raises as PostConnection.post, and http.client.HTTPException."""
        if self.sock is None:
            self.connect()
        self._begin_wait()
        self.request("POST", self._destination.target, content, dict(headers))
        response = self.getresponse()
        self._begin_wait()
        body = b""
        try:
            body = response.read(MOST_BODY)
        except (OSError, http.client.HTTPException):
            self.close()
        else:
            if not response.isclosed() or response.will_close:
                self.close()
        retry_after = response.getheader("Retry-After")
        return Answer(response.status, retry_after.strip() if retry_after else None, body)

    def _begin_wait(self) -> None:
        if self.sock is not None:
            self.sock.deadline = Deadline(self._seconds)


class _TimedSocket:
    """A connection whose sending and reading end at a deadline, however slowly the other side goes on.

    As a socket, it is closed when its reader is closed as well.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.deadline: Deadline | None = None
        self._reader: _Reader | None = None

    def sendall(self, data: bytes) -> None:
        self.limit()
        self.connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        self._reader = _Reader(self)
        return io.BufferedReader(self._reader)

    def close(self) -> None:
        if self._reader is None or self._reader.closed:
            self.connection.close()
        else:
            self._reader.closes_connection = True

    def limit(self) -> None:
        if self.deadline is not None:
            self.connection.settimeout(self.deadline.remaining())


class _Reader(io.RawIOBase):
    """Reads from a connection."""

    def __init__(self, connection: _TimedSocket) -> None:
        self._connection = connection
        self.closes_connection = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.limit()
        return self._connection.connection.recv_into(buffer)

    def close(self) -> None:
        super().close()
        if self.closes_connection:
            self._connection.connection.close()


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
