# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another catalog on the loopback that receives replies as webhooks: verifies, stores and answers them as configured."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from standardwebhooks.webhooks import Webhook

# 32 zero bytes.
SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@dataclass(frozen=True)
class Request:
    """One POST: headers by lower-case name, body, and time of receipt (monotonic seconds)."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def key(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found


@dataclass(frozen=True)
class Answer:
    """`keep` stores the reply; `seconds` is the delay of the response, None sends no response."""

    status: int = 201
    keep: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    seconds: float | None = 0.0


class WebhookSink:
    """Accepts each reply once; a repeat gets 409. `plan` may return another answer, None the usual one.

    `requests` holds all requests, `taken` the first stored one of each key. A body with a wrong signature gets 401
    unless `checks` is false. `delay` is the seconds before each response.
    """

    def __init__(self, context: ssl.SSLContext | None = None, *, delay: float = 0.0, checks: bool = True) -> None:
        self.plan: Callable[[Request], Answer | None] = lambda _request: None
        self.requests: list[Request] = []
        self.taken: dict[str, Request] = {}
        self.connections = 0
        self.delay = delay
        self.checks = checks
        self._lock = threading.Lock()
        self._webhook = Webhook(SECRET)
        self._open: set[socket.socket] = set()
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    sink._serve(context.wrap_socket(self.request, server_side=True) if context else self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 100

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/replies"

    def __enter__(self) -> WebhookSink:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Close open connections, as a restart does."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        stream = connection.makefile("rb")
        try:
            while request := _read(stream):
                answer = self._answer(request)
                if answer.seconds is None:
                    return
                time.sleep(answer.seconds)
                connection.sendall(_written(answer, request))
        finally:
            with self._lock:
                self._open.discard(connection)
            stream.close()
            connection.close()

    def _is_signed(self, request: Request) -> bool:
        try:
            self._webhook.verify(request.body, request.headers)
        except Exception:  # any error means that the signature is invalid
            return False
        return True

    def _answer(self, request: Request) -> Answer:
        if self.checks and not self._is_signed(request):
            return Answer(401, keep=False)
        if self.delay:
            time.sleep(self.delay)
        answer = self.plan(request)
        with self._lock:
            self.requests.append(request)
            known = request.key in self.taken
            if answer is None:
                answer = Answer(409 if known else 201)
            if answer.keep and not known:
                self.taken[request.key] = request
        return answer


def _read(stream: Any) -> Request | None:
    first = stream.readline()
    if not first:
        return None
    headers = {}
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(headers, stream.read(int(headers.get("content-length", "0"))), time.monotonic())


def _written(answer: Answer, request: Request) -> bytes:
    body = json.dumps({"id": f"post-{request.key[:8]}"}).encode() if answer.body is None else answer.body
    lines = [f"HTTP/1.1 {answer.status} Answer", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in answer.headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body
