# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send prepared HTTP requests over connections that are kept, at little cost to the machine that is measured."""

from __future__ import annotations

import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any


class KeptConnection:
    """One connection to a server on the loopback, which answers with Content-Length."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> KeptConnection:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stream.close()
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body. Raises ConnectionError when the server has closed the connection."""
        self._socket.sendall(request)
        words = self._stream.readline().split()
        if not words:
            raise ConnectionError("the server has closed the connection")
        length = 0
        while (line := self._stream.readline()).strip():
            name, _colon, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return int(words[1]), self._stream.read(length)


def request(method: str, path: str, token: str = "", body: Any = None) -> bytes:
    """Return a request to the API as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    return "\r\n".join([*lines, "", ""]).encode() + content


def ask_for(port: int, asked: bytes, seconds: float) -> tuple[float, float]:
    """Repeat a request for this long over one connection; return the requests a second and the median of their seconds."""
    taken = []
    with KeptConnection(port) as connection:
        end = (began := time.perf_counter()) + seconds
        while (now := time.perf_counter()) < end:
            status, body = connection.ask(asked)
            if status != 200:
                raise RuntimeError(f"{status} {body[:500]!r}")
            taken.append(time.perf_counter() - now)
        return len(taken) / (now - began), statistics.median(taken)


class Clients:
    """Threads that post prepared requests, each over its own connection; a `pace` limits them to that many a second."""

    def __init__(self, port: int, number: int, requests: Iterator[bytes], pace: float = 0) -> None:
        self._port = port
        self._requests = requests
        self._pause = number / pace if pace else 0.0
        self._lock = threading.Lock()
        self._failure = ""
        self._threads = [threading.Thread(target=self._work) for _ in range(number)]

    def run(self, beside: Callable[[], None] = lambda: None) -> float:
        """Start the clients, call `beside`, wait for the end of the requests; return the seconds.

        Raises RuntimeError when a request was answered by another status than 202, or not at all.
        """
        began = time.perf_counter()
        for thread in self._threads:
            thread.start()
        beside()
        for thread in self._threads:
            thread.join()
        if self._failure:
            raise RuntimeError(f"a request was not accepted: {self._failure}")
        return time.perf_counter() - began

    def _work(self) -> None:
        try:
            with KeptConnection(self._port) as connection:
                due = time.perf_counter()
                while not self._failure and (asked := self._next()):
                    status, body = connection.ask(asked)
                    if status != 202:
                        self._failure = f"{status} {body[:500]!r}"
                    due += self._pause
                    time.sleep(max(0.0, due - time.perf_counter()))
        except OSError as error:
            self._failure = f"{error}"

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._requests, None)
