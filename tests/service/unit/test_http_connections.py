# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of the HTTP server: which connection gives way to another, and how its sockets are set."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from catalog_mail import daemon
from catalog_mail.api.problems import Problem
from catalog_mail.http_limits import OTHER_FILES, Connections, HttpLimits, LimitedProtocol
from helpers.waiting import PATIENCE

LIMITS = HttpLimits(connections=16, header_timeout=300, body_timeout=300, idle_timeout=300)
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HALF_BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"
LARGE = 100_000_000
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Read the body and answer 204, or 100 MB to a request for /large; never answer a request for /wait."""
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/wait":
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200 if scope["path"] == "/large" else 204, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * LARGE if scope["path"] == "/large" else b""})


def with_server(check: Callable[[Callable[..., Awaitable[Client]], Connections], Awaitable[None]]) -> None:
    """Call `check(connect, connections)` beside a server; `connect(sent)` returns a connection that has sent these bytes."""

    async def run() -> None:
        connections = Connections(LIMITS)
        config = uvicorn.Config(application, log_config=None, http=LimitedProtocol, ws="none", lifespan="off")
        config.load()
        listener = socket.create_server(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(
            lambda: LimitedProtocol(config=config, server_state=connections, app_state={}), sock=listener
        )

        async def connect(sent: bytes = b"") -> Client:
            client = await asyncio.open_connection(*listener.getsockname())
            client[1].write(sent)
            for _ in range(20):  # the server shares this loop: it accepts the connection and reads what was sent
                await asyncio.sleep(0.001)
            return client

        await asyncio.wait_for(check(connect, connections), PATIENCE)
        server.close()
        for connection in list(connections.connections):
            connection.transport.abort()
        for task in list(connections.tasks):
            task.cancel()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_an_accepted_socket_sends_at_once():
    async def check(connect: Callable[..., Awaitable[Client]], connections: Connections) -> None:
        await connect()
        accepted = next(iter(connections.connections)).transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    with_server(check)


def test_connections_give_way_by_their_phase():
    """First those without a request, the oldest first, then idle ones, then incomplete bodies, and never a request at work."""

    async def check(connect: Callable[..., Awaitable[Client]], connections: Connections) -> None:
        work = await connect(REQUEST.replace(b"/ ", b"/wait "))
        body = await connect(HALF_BODY)
        idle = await connect(REQUEST)
        older, newer = await connect(), await connect(b"GET / HT")
        others = [await connect(REQUEST.replace(b"/ ", b"/wait ")) for _ in range(LIMITS.connections - 5)]
        for gone, said in ((older, b""), (newer, b"503"), (idle, b"204"), (body, b"503")):
            assert not any(reader.at_eof() for reader, _ in (gone, work, *others))
            others.append(await connect(REQUEST.replace(b"/ ", b"/wait ")))
            answer = await gone[0].read()
            assert (answer.split() + [b""] * 2)[1] == said
            if said == b"503":
                found = json.loads(answer.partition(b"\r\n\r\n")[2])
                assert Problem.model_validate(found).model_dump(exclude_none=True) == found
        assert len(connections.connections) == LIMITS.connections
        refused = await (await connect(REQUEST))[0].read()
        assert refused.startswith(b"HTTP/1.1 503") and b"retry-after: 1" in refused
        assert not work[0].at_eof()

    with_server(check)


def test_a_client_that_does_not_read_gives_way():
    async def check(connect: Callable[..., Awaitable[Client]], connections: Connections) -> None:
        unread = await connect(REQUEST.replace(b"/ ", b"/large "))
        while not any(connection.flow.write_paused for connection in connections.connections):
            await asyncio.sleep(0.001)
        others = [await connect(REQUEST.replace(b"/ ", b"/wait ")) for _ in range(LIMITS.connections)]
        read = 0
        with contextlib.suppress(ConnectionResetError):
            while part := await unread[0].read(100_000):
                read += len(part)
        assert read < LARGE
        assert len(connections.connections) == LIMITS.connections == len(others)

    with_server(check)


def test_an_answer_reaches_a_client_that_still_sends():
    """A closed socket with unread input is reset, and the client would lose the answer."""

    async def check(connect: Callable[..., Awaitable[Client]], _connections: Connections) -> None:
        reader, writer = await connect(b"no HTTP\r\n\r\n")
        writer.write(b"x" * 5_000_000)
        await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 400")

    with_server(check)


@pytest.mark.parametrize(
    ("files", "expected"),
    [(1024, 1024 - OTHER_FILES), (4096, 1000), (resource.RLIM_INFINITY, 1000), (64, 16), (1000 + OTHER_FILES, 1000)],
)
def test_connections_leave_files_for_other_work(monkeypatch: pytest.MonkeyPatch, files: int, expected: int):
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    assert HttpLimits().possible_connections == expected


class IdleQueue:
    """A queue without work."""

    def start(self, _lost: object) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def alive(self) -> bool:
        return True


def test_the_server_is_the_limited_one(monkeypatch: pytest.MonkeyPatch):
    """Uvicorn would choose httptools, if it is installed, and would believe X-Forwarded-For from the loopback."""
    made: list[uvicorn.Server] = []
    monkeypatch.setattr(daemon._Server, "run", lambda server, **_named: made.append(server))
    monkeypatch.setattr(daemon.signal, "signal", lambda *_words: None)
    daemon.serve(application, host="127.0.0.1", port=0, queue=IdleQueue(), limits=LIMITS, stopping=lambda: None)
    config = made[0].config
    assert config.http is LimitedProtocol
    assert not config.proxy_headers
    assert config.timeout_keep_alive == LIMITS.idle_timeout
