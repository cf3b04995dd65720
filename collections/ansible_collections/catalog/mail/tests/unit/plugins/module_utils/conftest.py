# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on the loopback interface with scripted answers, for replies that no real server gives."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

Answer = Callable[[bytes], "bytes | None"]


@dataclass
class LineServer:
    """The port of the server, and every line that clients sent to it."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def line_server() -> Iterator[Callable[[bytes, Answer], LineServer]]:
    """Return a function that starts a server: line_server(greeting, answer).

    `answer` gets a line and returns a reply, None to close the connection.
    """
    listeners: list[socket.socket] = []

    def start(greeting: bytes, answer: Answer) -> LineServer:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        server = LineServer(listener.getsockname()[1])
        threading.Thread(target=_serve, args=(listener, greeting, answer, server.heard), daemon=True).start()
        return server

    yield start
    for listener in listeners:
        listener.close()


def _serve(listener: socket.socket, greeting: bytes, answer: Answer, heard: list[bytes]) -> None:
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        # On some Python versions imaplib has no timeout, so the code under test sets the process's default.
        connection.settimeout(60)
        with connection, connection.makefile("rb") as lines:
            connection.sendall(greeting)
            for line in lines:
                heard.append(line.rstrip(b"\r\n"))
                reply = answer(heard[-1])
                if reply is None:
                    break
                connection.sendall(reply)
