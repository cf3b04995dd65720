# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server on the loopback interface with scripted answers."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import settings

# No property is bound to the clock.
settings.register_profile("collection", deadline=None)
settings.load_profile("collection")


@dataclass(frozen=True)
class Asked:
    """One request: its method and path in one text, its headers, its body as JSON or None."""

    what: str
    headers: Mapping[str, str]
    body: Any


# Status, headers and body; a body other than bytes is sent as JSON.
Reply = tuple[int, Mapping[str, str], Any]


@dataclass
class HttpServer:
    """The address of the server, and the requests that it received."""

    port: int
    asked: list[Asked] = field(default_factory=list)

    @property
    def requests(self) -> list[str]:
        """Return method and path of each request."""
        return [one.what for one in self.asked]


@pytest.fixture
def http_server() -> Iterator[Callable[..., HttpServer]]:
    """Return a function that starts a server: http_server(answer, tls=None). `answer` gets an Asked, returns a Reply."""
    started: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> HttpServer:
        server = _Server(("127.0.0.1", 0), _handler(answer))
        if tls:
            # The thread of each connection makes the handshake, so that a failed one does not stop others.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        started.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        server.seen = HttpServer(server.server_port)
        return server.seen

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: HttpServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that a client closes because it does not trust the certificate, as some tests expect."""


def _handler(answer: Callable[[Asked], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(f"{self.command} {self.path}", dict(self.headers), json.loads(raw) if raw else None)
            self.server.seen.asked.append(asked)
            status, headers, body = answer(asked)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _reply  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Write no log to the terminal."""

    return Handler
