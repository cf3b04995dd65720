# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP server that takes a number of messages on one connection, and then refuses more in a way that a test chooses."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# Stages at which the server may refuse.
MAIL, RCPT, DATA, END = "MAIL", "RCPT", "DATA", "END"
# Ways that need no answer to a command: close after the last message, during a message's content, or after its last line.
BETWEEN, CONTENT, UNANSWERED = "between", "content", "unanswered"
# The reply to EHLO.
EXTENSIONS = "250 limited.test"
WITH_PIPELINING = "250-limited.test\r\n250 PIPELINING"


@dataclass
class LimitedServer:
    """Takes `limit` messages on a connection; then gives `answer` at `stage`, and closes the connection if `closes`.

    With `first_refused` the first message of each connection is refused at RCPT, and RSET after it is answered with 421.
    """

    limit: int
    stage: str
    answer: str = ""
    closes: bool = False
    first_refused: int = 0
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    refusals: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[LimitedServer]:
        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Ignore clients that close their connection."""

        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Connection(outer, self.rfile, self.wfile).talk()

        with Server(("127.0.0.1", 0), Handler) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class _Connection:
    """One client's connection; `carried` counts its accepted messages."""

    def __init__(self, server: LimitedServer, incoming: Any, outgoing: Any) -> None:
        self._server, self._in, self._out = server, incoming, outgoing
        self._carried = 0
        with server.lock:
            server.connections += 1
            self._number = server.connections

    def talk(self) -> None:
        self._say("220 limited.test ESMTP")
        while line := self._in.readline():
            if not self._obey(line.strip().upper()):
                return

    def _obey(self, command: bytes) -> bool:
        """Answer one command; False when the connection ends."""
        name = command.split(b" ")[0].partition(b":")[0].decode()
        if name == "QUIT":
            self._say("221 2.0.0 Bye")
            return False
        if name == "RSET" and self._number <= self._server.first_refused:
            self._say("421 4.7.0 Too many errors")
            return False
        if name == "RCPT" and self._number <= self._server.first_refused:
            self._say("550 5.1.1 Nobody of that name")
            return True
        if name in (MAIL, RCPT, DATA) and self._full(name):
            return self._refuse()
        if name != DATA:
            self._say(EXTENSIONS if name == "EHLO" else "250 2.0.0 Ok")
            return True
        self._say("354 go on")
        return self._content()

    def _content(self) -> bool:
        if self._full(CONTENT):
            self._count_refusal()
            return False
        lines = []
        while (line := self._in.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b"."))
        if self._full(END):
            return self._refuse()
        with self._server.lock:
            self._server.taken.append(b"".join(lines))
        if self._full(UNANSWERED):
            return False
        self._carried += 1
        self._say("250 2.0.0 Ok: taken")
        return not (self._server.stage == BETWEEN and self._carried >= self._server.limit)

    def _full(self, stage: str) -> bool:
        return self._server.stage == stage and self._carried >= self._server.limit

    def _refuse(self) -> bool:
        self._count_refusal()
        self._say(self._server.answer)
        return not self._server.closes

    def _count_refusal(self) -> None:
        with self._server.lock:
            self._server.refusals += 1

    def _say(self, line: str) -> None:
        self._out.write(line.encode() + b"\r\n")
