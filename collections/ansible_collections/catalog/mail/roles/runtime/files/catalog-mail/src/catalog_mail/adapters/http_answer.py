# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read answers to POST requests (HTTP/1.1, RFC 9112): status, headers, and the beginning of the body; all bounded in size.

The standard library's HTTP client parses the headers as those of a mail, which takes most of the time of a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# Bytes of an answer's body that are read, and of all its lines: status, headers, and those around chunks.
MOST_BODY = 65_536
MOST_LINES = 65_536
MOST_HEADERS = 100
_STATUS = re.compile(rb"HTTP/1\.(\d+) +(\d{3})(?:\s.*)?", re.DOTALL)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_WITHOUT_BODY = frozenset({204, 304})


class MalformedAnswer(ValueError):
    """The answer is not HTTP."""


@dataclass(frozen=True)
class Head:
    """Status and headers of an answer; names are in lower case. `keeps`: HTTP/1.1, whose connections are kept by default."""

    status: int
    keeps: bool
    headers: dict[str, list[str]]

    def first(self, name: str) -> str | None:
        """Return the value of the first header of this name."""
        return self.headers.get(name, [None])[0]

    @property
    def ends_connection(self) -> bool:
        """Whether no other answer follows on this connection."""
        connection = (self.first("connection") or "").lower()
        return "close" in connection if self.keeps else "keep-alive" not in connection


class AnswerReader:
    """Reads one answer. `receive` returns the next bytes from the connection, b"" at its end.

    Methods raise the errors of `receive`, ConnectionError when the connection ends before an answer, and MalformedAnswer.
    """

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self._left = MOST_LINES
        self._has_ended = False

    def head(self) -> Head:
        """Return the head of the final answer; interim ones (1xx) are skipped."""
        while True:
            line = self._line()
            if not line and self._has_ended:
                raise ConnectionResetError
            status = _STATUS.fullmatch(line)
            if status is None:
                raise MalformedAnswer
            headers = self._headers()
            if not status[2].startswith(b"1"):
                return Head(int(status[2]), int(status[1]) >= 1, headers)

    def body(self, head: Head) -> tuple[bytes, bool]:
        """Return the beginning of the body, and whether it is the whole body, so that the connection can be used again."""
        if head.status in _WITHOUT_BODY:
            return b"", True
        if (head.first("transfer-encoding") or "").lower() == "chunked":
            return self._chunks()
        length = _LENGTH.fullmatch(head.first("content-length") or "")
        if length is None:
            return self._bytes(MOST_BODY), False
        wanted = int(length[0])
        content = self._bytes(min(wanted, MOST_BODY))
        return content, len(content) == wanted

    def _headers(self) -> dict[str, list[str]]:
        headers: dict[str, list[str]] = {}
        for _each in range(MOST_HEADERS):
            line = self._line()
            if not line:
                return headers
            name, _colon, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        raise MalformedAnswer

    def _chunks(self) -> tuple[bytes, bool]:
        content = bytearray()
        while True:
            size = _CHUNK.fullmatch(self._line())
            if size is None:
                raise MalformedAnswer
            length = int(size[1], 16)
            if length == 0:
                self._headers()  # the trailer
                return bytes(content), True
            piece = self._bytes(min(length, MOST_BODY - len(content)))
            content += piece
            if len(content) >= MOST_BODY:
                return bytes(content), False
            if len(piece) < length or self._line():
                raise MalformedAnswer

    def _line(self) -> bytes:
        """Return the next line without its end; at the end of the connection what is left."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > self._left:
                raise MalformedAnswer
            if not self._fill():
                return self._taken(len(self._buffer))
        self._left -= end + 1
        if self._left < 0:
            raise MalformedAnswer
        return self._taken(end + 1)[:-1].removesuffix(b"\r")

    def _bytes(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end of the connection."""
        while len(self._buffer) < size and self._fill():
            pass
        return self._taken(size)

    def _fill(self) -> bool:
        """Receive more; return whether the connection goes on."""
        received = self._receive()
        self._buffer += received
        self._has_ended = not received
        return not self._has_ended

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
