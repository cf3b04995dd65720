# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy between the service and Microsoft that fails or refuses: real sockets, and what the failure says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from catalog_mail.adapters.graph.failing import Failed, of_network
from catalog_mail.adapters.graph.tokens import Tokens
from catalog_mail.adapters.graph.web import make_session
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.servers import GraphServer
from helpers.service.process import free_port

PASSWORD = "hunter2-of-the-proxy"
URL = "https://graph.example.com/v1.0/users/x"


@contextmanager
def proxy(answer: bytes | None) -> Iterator[int]:
    """Listen as a proxy that answers every request so; None closes the connection at once. Yields its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if answer is not None:
                self.request.recv(4096)
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def server(proxy_url: str) -> GraphServer:
    return GraphServer(
        "catalog@corp.test", "corp-tenant", "corp-client", "https://login.example.com", "https://graph.example.com",
        "notifications.microsoft", client_secret="s3cret-of-the-app", proxy_url=proxy_url, timeout=5,
    )  # fmt: skip


def failure(proxy_url: str) -> Failure:
    """Return the failure of a request through this proxy; no text of it shows a password."""
    asked = server(proxy_url)
    with pytest.raises(requests.RequestException) as caught:
        make_session(asked, 1).get(URL, timeout=5)
    found = of_network(caught.value, URL, "reading messages", asked)
    for text in (found.cause, found.remedy):
        assert PASSWORD not in text
        assert text.endswith(".") and not text.endswith("..")
    assert "127.0.0.1" in found.cause or "proxy.invalid" in found.cause
    assert "Microsoft refused" not in found.cause
    assert "proxy_url" in found.remedy
    return found


@pytest.mark.parametrize(
    ("answer", "cause", "words", "temporary"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Cause.PROXY_LOGIN_REFUSED, "does not accept the login", False),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Cause.PROXY_FAILED, "does not connect to graph.example.com: 403 Forbidden", False),
        (b"HTTP/1.0 405 Method Not Allowed\r\n\r\n", Cause.PROXY_FAILED, "405 Method Not Allowed", False),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Cause.PROXY_FAILED, "502 Bad Gateway", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Cause.PROXY_FAILED, "503", True),
        (f"HTTP/1.1 403 no {PASSWORD}\r\n\r\n".encode(), Cause.PROXY_FAILED, "403 no (removed)", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", Cause.TLS_FAILED, "by the proxy", True),
        (b"SSH-2.0-server\r\n", Cause.UNREACHABLE, "by the proxy", True),
        (None, Cause.CONNECTION_LOST, "by the proxy", True),
    ],
)
def test_a_proxy_that_refuses_is_named(answer: bytes | None, cause: Cause, words: str, temporary: bool) -> None:
    with proxy(answer) as port:
        found = failure(f"http://user:{PASSWORD}@127.0.0.1:{port}")
    assert (found.code, found.temporary) == (cause, temporary)
    assert words in found.cause


def test_a_proxy_that_requires_a_login() -> None:
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        found = failure(f"http://127.0.0.1:{port}")
    assert found.code is Cause.PROXY_LOGIN_REFUSED
    assert f"The proxy http://127.0.0.1:{port} requires a login (407" in found.cause
    assert "user:password@host:port" in found.remedy


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate", 'Digest realm="x", nonce="y"'])
def test_a_proxy_without_basic_needs_an_exemption(scheme: str) -> None:
    answer = f"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: {scheme}\r\n\r\n"
    with proxy(answer.encode()) as port:
        found = failure(f"http://user:{PASSWORD}@127.0.0.1:{port}")
    assert found.code is Cause.PROXY_LOGIN_REFUSED
    assert "only NTLM, Kerberos or Digest has to allow this host" in found.remedy


@pytest.mark.parametrize(
    ("proxy_url", "words"),
    [
        (f"http://user:{PASSWORD}@127.0.0.1:1", "The proxy http://127.0.0.1:1 refused the connection"),
        (f"http://user:{PASSWORD}@proxy.invalid:3128", "The proxy http://proxy.invalid:3128 cannot be found"),
    ],
)
def test_a_proxy_that_is_not_there(proxy_url: str, words: str) -> None:
    found = failure(proxy_url)
    assert (found.code, found.temporary) == (Cause.PROXY_FAILED, True)
    assert words in found.cause


def test_a_proxy_named_by_https_that_speaks_http() -> None:
    with proxy(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        found = failure(f"https://user:{PASSWORD}@127.0.0.1:{port}")
    assert found.code is Cause.PROXY_FAILED
    assert "http://" in found.remedy


def test_a_token_is_refused_by_the_proxy_not_by_microsoft() -> None:
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        asked = server(f"http://user:{PASSWORD}@127.0.0.1:{port}")
        with pytest.raises(Failed) as caught:
            Tokens(asked, make_session(asked, 1)).token()
    assert caught.value.failure.code is Cause.PROXY_LOGIN_REFUSED
    assert PASSWORD not in caught.value.failure.cause + caught.value.failure.remedy


def test_without_a_proxy_none_is_named() -> None:
    asked = GraphServer(
        "catalog@corp.test", "t", "c", "https://login.example.com", f"https://127.0.0.1:{free_port()}", "notifications.microsoft"
    )
    found = of_network(ConnectionRefusedError(111, "refused"), f"{asked.graph_url}/v1.0", "reading messages", asked)
    assert (found.code, "by the proxy" in found.cause) == (Cause.CONNECTION_REFUSED, False)
