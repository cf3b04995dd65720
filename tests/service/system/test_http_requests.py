# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that a request may name, no redirects, and bodies that are judged beside other requests, with the running service."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from helpers.service.process import RunningService
from helpers.waiting import PATIENCE

HEALTH = ("/api/v1/health", "/api/v1/metrics")
NOTIFICATIONS, SETTINGS = "/api/v1/notifications", "/api/v1/settings/email-server"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, prepared: RunningService) -> Iterator[RunningService]:
    """Run a service that listens on all addresses."""
    allowed = ["other.example.com", "ported.example.com:8443"]
    running = RunningService(tmp_path_factory.mktemp("requests"), {"allowed_hosts": allowed})
    running.configure(listen=f"0.0.0.0:{running.port}")
    running.adopt(prepared)
    running.start()
    yield running
    running.kill()


def send(
    service: RunningService,
    method: str,
    path: str,
    body: Any = None,
    *,
    role: str | None = "catalog",
    at: str = "127.0.0.1",
    **headers: str,
) -> tuple[int, http.client.HTTPMessage, dict[str, Any]]:
    """Send a request; return status, headers and the JSON of the answer. Underscores in names of headers become hyphens."""
    connection = http.client.HTTPConnection(at, service.port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if role:
        named.setdefault("Authorization", f"Bearer {service.tokens[role]}")
    connection.request(method, path, body, named, encode_chunked=named.get("Transfer-Encoding") == "chunked")
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(content) if "json" in (answer.headers["Content-Type"] or "") else {}


def raw(service: RunningService, request: bytes) -> bytes:
    """Send bytes; return everything that is answered before the service closes."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def own_address() -> str:
    """Return an address of this host beside the loopback's 127.0.0.1; another loopback address on a host without network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.2"


def test_requests_for_names_of_the_service_are_served(node: RunningService):
    own = own_address()
    for host in ("catalog.example.com", "localhost:1", "[::1]:8025", "other.example.com:99", "PORTED.example.com:8443"):
        assert send(node, "GET", "/api/v1/users", Host=host)[0] == 200, host
    assert send(node, "GET", "/api/v1/users", at=own, Host=f"{own}:{node.port}")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "ported.example.com", "192.0.2.1", "catalog.example.com.x"])
def test_requests_for_other_names_are_refused(node: RunningService, host: str):
    for path in ("/api/v1/users", "/api/v1/users/", "/unsubscribe/x", "/api/v1/openapi.json", "/nothing", "/api/v1/health/x"):
        forwarded = {"X_Forwarded_Host": "catalog.example.com", "X_Forwarded_For": "127.0.0.1", "Forwarded": "host=localhost"}
        status, headers, problem = send(node, "GET", path, Host=host, **forwarded)
        assert (status, problem["code"], problem["field"]) == (421, "unknown-host", "header.host"), path
        assert "allowed_hosts" in problem["remedy"] and host in problem["cause"]
        assert headers["Content-Type"] == "application/problem+json"
        assert "Location" not in headers
    for path in HEALTH:
        assert send(node, "GET", path, role=None, Host=host)[0] == 200


def test_requests_without_a_valid_host(node: RunningService):
    for host in (b"", b"Host: \r\n", b"Host: a b\r\n", b"Host: *\r\n", b"Host: http://localhost\r\n", b"Host: localhost:x\r\n"):
        answer = raw(node, b"GET /api/v1/users HTTP/1.0\r\n" + host + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 400") and b"invalid-host" in answer, host
        for path in HEALTH:
            assert raw(node, b"GET %s HTTP/1.0\r\n%s\r\n" % (path.encode(), host)).startswith(b"HTTP/1.1 200"), host
    assert raw(node, b"GET /api/v1/users HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_no_request_is_redirected(node: RunningService):
    paths = requests.get(f"{node.url}/api/v1/openapi.json", timeout=PATIENCE).json()["paths"]
    filled = {path.replace("{", "").replace("}", "") for path in paths}
    for path in sorted({*filled, "/api/v1", "/", "/docs", "/redoc"}):
        for method in ("GET", "POST"):
            status, headers, _ = send(node, method, f"{path.rstrip('/')}/", Host="catalog.example.com")
            assert not 300 <= status < 400, (method, path)
            assert "Location" not in headers
            assert status in (404, 405) or path.startswith("/unsubscribe"), (method, path, status)
    location = send(node, "POST", "/api/v1/conversations", b'{"title": "x"}', Content_Type="application/json",
                    Host="catalog.example.com", X_Catalog_User="nobody", X_Forwarded_Proto="https")[1]["Location"]  # fmt: skip
    assert location is None or location.startswith("/api/v1/")


BIG = json.dumps({f"k{n:09d}": 0 for n in range(118_000)}).encode()
JSON = {"Content_Type": "application/json"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
TEST = f"{SETTINGS}/test"
REFUSED: dict[str, tuple[str, bytes, dict[str, str], int, str, str]] = {
    "150,000 unknown keys": (NOTIFICATIONS, BIG, JSON, 422, "body", "at most"),
    "150,000 unknown keys in settings": (SETTINGS, BIG, JSON, 413, "body", "131072 bytes"),
    "a large post": (NOTIFICATIONS, b" " * 8_000_000, JSON, 413, "body", "bytes at once"),
    "a user of 20 KB": ("/api/v1/users", b" " * 20_000, JSON, 413, "body", "16384 bytes"),
    "deep nesting": (NOTIFICATIONS, b"[" * 200_000, JSON, 422, "body", "at most 32"),
    "compressed": (NOTIFICATIONS, gzip.compress(BIG), {**JSON, "Content_Encoding": "gzip"}, 415, "body", "without compression"),
    "a form": (NOTIFICATIONS, b"kind=message", FORM, 415, "body", "application/json"),
    "no type": (NOTIFICATIONS, b"{}", {}, 415, "body", "application/json"),
    "a multipart form": (NOTIFICATIONS, b"--x--", {"Content_Type": "multipart/form-data; boundary=x"}, 415, "body", "json"),
    "not UTF-8": (NOTIFICATIONS, b'{"kind": "\xff"}', JSON, 400, "body", "UTF-8"),
    "no body": (NOTIFICATIONS, b"", JSON, 422, "body", "field"),
    "no JSON where all fields may be left out": (TEST, b"\n\x18.", JSON, 422, "body", "Send a JSON document"),
    "a misspelt field where all may be left out": (TEST, b'{"recipent": "a@corp.test"}', JSON, 422, "recipent", ""),
    "a list where all fields may be left out": (TEST, b"[]", JSON, 422, "body", ""),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "headers", "status", "field", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_refused_body(
    node: RunningService, path: str, body: bytes, headers: dict[str, str], status: int, field: str, remedy: str
):
    method = "PUT" if path == SETTINGS else "POST"
    for sent, more in ((body, {}), (iter([body]), {"Transfer_Encoding": "chunked"})):
        found, answered, problem = send(node, method, path, sent, role="server_admin", **headers, **more)
        assert (found, problem["field"]) == (status, field), problem
        assert remedy in problem["remedy"] and problem["cause"]
        assert answered["Content-Type"] == "application/problem+json"


def test_a_body_is_read_only_from_known_callers(node: RunningService):
    for body in (BIG, b"{"):
        status, _, problem = send(node, "POST", NOTIFICATIONS, body, role=None, Authorization="Bearer wrong", **JSON)
        assert (status, problem["code"]) == (401, "unauthenticated")
    # The answer comes before the body, which never comes.
    head = f"POST {NOTIFICATIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "Content-Length: 1900000\r\n\r\n"
    assert raw(node, head.encode()).startswith(b"HTTP/1.1 401")
    # The role is judged before what the body says.
    assert send(node, "POST", NOTIFICATIONS, b"{", role="viewer", **JSON)[0] == 403


def test_bodies_that_no_operation_reads(node: RunningService):
    for path, method in ((HEALTH[0], "GET"), ("/api/v1/users", "GET"), ("/nothing", "POST"), (HEALTH[0], "DELETE")):
        for body in (b"x" * 10, b"x" * 3_000_000):
            assert send(node, method, path, body, **JSON)[0] in (200, 404, 405)
    for form in (b"List-Unsubscribe=One-Click", b"x=" + b"y" * 3_000_000):
        assert send(node, "POST", "/unsubscribe/x", form, role=None, **FORM)[0] == 404


def test_other_requests_are_answered_while_bodies_are_judged(node: RunningService):
    """Each body of 1.9 MB with 150,000 unknown keys blocked everything else for 10 seconds."""

    def serve_health() -> None:
        assert requests.get(f"{node.url}/api/v1/health", timeout=PATIENCE).status_code == 200

    begun = time.monotonic()
    for _ in range(20):
        serve_health()
    idle = (time.monotonic() - begun) / 20
    texts = {"kind": "message", "subject": "x", "text": "\u4e2d" * 50_000, "html": "\u4e2d" * 500_000}
    large = json.dumps({**texts, "recipients": [{"address": "x"} for _ in range(1000)]}).encode()
    statuses: list[int] = []

    def post() -> None:
        statuses.extend(send(node, "POST", NOTIFICATIONS, body, **JSON)[0] for body in (BIG, large) * 2)

    posting = [threading.Thread(target=post) for _ in range(2)]
    begun = time.monotonic()
    for thread in posting:
        thread.start()
    served = 0
    while any(thread.is_alive() for thread in posting):
        serve_health()
        served += 1
    busy = (time.monotonic() - begun) / served
    assert statuses == [422] * 8
    # Relative to an idle service. Two cores are shared with the clients; blocked, a request would take hundreds of times as long.
    assert busy < 40 * idle, (busy, idle)
