# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that connect in crowds, or send and read slowly, keep no other client out and no stop waiting."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from helpers.service.process import RunningService, through
from helpers.waiting import PATIENCE, wait_until

LEAST = 16
HEALTH = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSED = 7  # the state of a connection in Linux' tcp_info when the other side has reset it


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, prepared: RunningService) -> Iterator[RunningService]:
    """Run a service with the smallest number of connections and short times."""
    limits = {"connections": LEAST, "header_timeout": 3, "body_timeout": 3, "idle_timeout": 3}
    running = RunningService(tmp_path_factory.mktemp("limited"), {"http": limits})
    running.adopt(prepared)
    running.start()
    yield running
    running.kill()


def connect(service: RunningService, sent: bytes = b"") -> socket.socket:
    """Connect and send these bytes."""
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
    connection.sendall(sent)
    return connection


def post(service: RunningService, body: bytes, length: str) -> bytes:
    """Return a request for a notification with a valid token, a header about the body's length, and the beginning of a body."""
    head = f"POST /api/v1/notifications HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.tokens['catalog']}\r\n"
    return f"{head}Content-Type: application/json\r\n{length}\r\n\r\n".encode() + body


def everything(connection: socket.socket) -> bytes:
    """Read until the service closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            received += part
    return received


def problem(answer: bytes) -> dict[str, Any]:
    """Return the problem in an answer, which must be complete HTTP."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head, answer
    assert b"connection: close" in head.lower(), answer
    assert f"content-length: {len(body)}".encode() in head
    found: dict[str, Any] = json.loads(body)
    assert found["detail"] == f"{found['cause']} {found['remedy']}"
    assert head.startswith(f"HTTP/1.1 {found['status']} {found['title']}".encode())
    return found


def trickle(connection: socket.socket, byte: bytes) -> None:
    """Send one byte after the other until the service closes the connection."""
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(byte)
            time.sleep(0.1)


def serves(service: RunningService) -> None:
    """Check that another client is served."""
    assert requests.get(f"{service.url}/api/v1/health", timeout=PATIENCE).status_code == 200


def test_slow_clients_are_cut_and_others_are_served(node: RunningService):
    chunked = "Transfer-Encoding: chunked"
    slow = {
        "nothing": connect(node),
        "half a header": connect(node, HEALTH[:-2]),
        "trickled header": connect(node, HEALTH[:-2] + b"X: "),
        "half a body": connect(node, post(node, b'{"kind"', "Content-Length: 100")),
        "trickled body": connect(node, post(node, b'"', "Content-Length: 100000")),
        "half a chunk": connect(node, post(node, b'64\r\n{"kind"', chunked)),
        "trickled chunks": connect(node, post(node, b"", chunked)),
        "idle after a request": connect(node, HEALTH),
        "half a second request": connect(node, HEALTH + HEALTH[:-2]),
    }
    for name, byte in (("trickled header", b"x"), ("trickled body", b" "), ("trickled chunks", b"1\r\n \r\n")):
        threading.Thread(target=trickle, args=(slow[name], byte), daemon=True).start()
    for _ in range(20):
        serves(node)
    answers = {name: everything(connection) for name, connection in slow.items()}
    assert answers.pop("nothing") == b""
    assert answers.pop("idle after a request").startswith(b"HTTP/1.1 200")
    first, _, second = answers.pop("half a second request").partition(b"HTTP/1.1 408")
    assert first.startswith(b"HTTP/1.1 200")
    assert problem(b"HTTP/1.1 408" + second)["code"] == "headers-too-slow"
    codes = {name: problem(answer)["code"] for name, answer in answers.items()}
    assert codes.pop("half a header") == codes.pop("trickled header") == "headers-too-slow"
    assert set(codes.values()) == {"body-too-slow"}, codes


def connect_without_reading(service: RunningService) -> socket.socket:
    """Connect, and request more than the buffers of a connection hold, without reading the answers."""
    connection = connect(service)
    connection.settimeout(0.2)
    request = HEALTH.replace(b"health", b"openapi.json")
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            connection.sendall(request * 10)
    return connection


def test_a_client_that_does_not_read_is_cut(node: RunningService):
    connection = connect_without_reading(node)
    wait_until(
        lambda: connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == CLOSED, "the connection is still open"
    )
    serves(node)


def test_headers_beyond_the_limit_are_refused(node: RunningService):
    flood = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n" + b"X-Y: z\r\n" * 30_000
    many = b"GET /api/v1/audit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + b"X-Y: z\r\n" * 200 + b"\r\n"
    for sent, status in (
        (flood + b"\r\n", 431), (flood, 431), (many, 431),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (b"GET /api/v1/users?" + b"a=b&" * 1000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /api/v1/audit HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (post(node, b"xyz\r\n", "Transfer-Encoding: chunked"), 400),
    ):  # fmt: skip
        found = problem(everything(connect(node, sent)))
        assert found["status"] == status, (sent[:60], found)
        assert found["cause"] and found["remedy"]
    serves(node)


def test_a_crowd_of_idle_connections_gives_way(node: RunningService):
    crowd = [connect(node) for _ in range(5 * LEAST)]
    for _ in range(10):
        serves(node)
    assert all(everything(connection) == b"" for connection in crowd[: 4 * LEAST])


def test_when_all_connections_work_the_next_gets_503(node: RunningService):
    mail_server = socket.create_server(("127.0.0.1", 0))
    mail_server.settimeout(PATIENCE)
    assert node.save(through(mail_server.getsockname()[1])).status_code == 200
    answers: list[int] = []

    def test_settings() -> None:
        answers.append(node.call("POST", "/settings/email-server/test", {"recipient": "a@corp.test"}).status_code)

    working = [threading.Thread(target=test_settings) for _ in range(LEAST)]
    for thread in working:
        thread.start()
    silent = [mail_server.accept()[0] for _ in working]
    answer = everything(connect(node, HEALTH))
    assert problem(answer)["code"] == "too-many-connections"
    assert b"retry-after: 1" in answer
    for connection in silent:
        connection.close()
    for thread in working:
        thread.join(PATIENCE)
    assert answers == [422] * LEAST
    serves(node)


@pytest.fixture
def few_files() -> Iterator[Callable[[], None]]:
    """Limit the open files of processes that are started from now on to 1,024; the function gives the test more for itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, before[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_neither_idle_nor_half_requests_delay_others_or_a_stop(
    make_service: Callable[..., RunningService], few_files: Callable[[], None]
):
    """1,100 idle connections exhausted the files of the service, and 100 half requests stretched a stop to 50 seconds."""
    service = make_service(http={"header_timeout": 300, "body_timeout": 300, "idle_timeout": 300})
    few_files()
    crowd = [connect(service) for _ in range(1100)]
    for _ in range(5):
        serves(service)
    assert service.call("GET", "/users", role="catalog").status_code == 200
    crowd += [connect_without_reading(service), connect(service, HEALTH)]
    crowd += [connect(service, HEALTH[:-2]) for _ in range(50)]
    crowd += [connect(service, post(service, b"{", "Content-Length: 100")) for _ in range(100)]
    serves(service)
    begun = time.monotonic()
    assert service.stop() == 0
    # At most 10 seconds are the subject. Twice as many are allowed for a busy machine; without limits it takes over 45.
    assert time.monotonic() - begun < 20
    stopped = problem(everything(crowd[-1]))
    assert (stopped["status"], stopped["code"]) == (503, "stopping")
    assert "Too many open files" not in service.log.read_text()
