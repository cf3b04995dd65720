# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy of the environment that fails or refuses is named, without its password."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager

import pytest
import requests
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import LoginRefused, MicrosoftFailed
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.deadline import Deadline
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_client import Graph
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_permissions_needed import READ_APPLICATION
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_responses import Answer
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.http_session import session
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.login import read_login
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.proxy import proxy_failure, shown_proxy
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.tokens import Client, client_token

PASSWORD = "hunter2-of-the-proxy"
URL = "https://graph.example.com/v1.0/applications"
LOGIN = {
    "method": "token", "access_token": "x.y.z", "cloud": "global", "authority_url": None, "graph_url": "https://graph.example.com",
    **dict.fromkeys(("tenant_id", "client_id", "client_secret", "certificate_file", "certificate_password", "ca_file")),
}


@contextmanager
def proxy(answer):
    """Listen as a proxy that answers every request so; yields its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def through(monkeypatch):
    """Return a function that sets the proxy of the environment."""
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return lambda url: monkeypatch.setenv("https_proxy", url)


def failed():
    with pytest.raises(requests.RequestException) as caught:
        session(None).request("GET", URL, timeout=5)
    return proxy_failure(caught.value, URL)


@pytest.mark.parametrize(
    ("answer", "words", "final"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "does not accept the login", True),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not connect to graph.example.com (403 Forbidden)", True),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "(502 Bad Gateway)", False),
    ],
)
def test_a_proxy_that_refuses_is_named(through, answer, words, final):
    with proxy(answer) as port:
        through(f"http://user:{PASSWORD}@127.0.0.1:{port}")
        found = failed()
    assert found.cause.startswith(f"The proxy http://127.0.0.1:{port} ")
    assert words in found.cause
    assert (found.final, "https_proxy" in found.remedy) == (final, True)
    assert ("NTLM" in found.remedy) == (b" 407 " in answer)
    assert PASSWORD not in found.cause + found.remedy


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:1", "The proxy http://127.0.0.1:1 could not be used: it refused the connection."),
        ("proxy.invalid:3128", "The proxy http://proxy.invalid:3128 could not be used: its name is not known."),
    ],
)
def test_a_proxy_that_is_not_there(through, url, words):
    through(f"http://u:{PASSWORD}@{url}")
    assert failed().cause == words


@pytest.mark.parametrize("url", ["socks5://u:{}@127.0.0.1:1", "ftp://u:{}@[::1]:1", "http://u:{}@127.0.0.1:99999", "http://u:{}@[::1"])
def test_a_proxy_that_cannot_be_one_is_named(through, url):
    through(url.format(PASSWORD))
    found = failed()
    assert found.cause.startswith(f"The proxy {url.partition(':')[0]}://")
    assert (found.final, "malformed" in found.cause) == (True, True)
    assert PASSWORD not in found.cause + found.remedy


def test_a_failure_without_a_proxy_is_not_its():
    assert proxy_failure(requests.exceptions.ConnectionError("refused"), URL) is None
    assert shown_proxy("proxy.example.com:3128") == "http://proxy.example.com:3128"


def test_a_login_names_the_proxy_at_once(through):
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        through(f"http://127.0.0.1:{port}")
        client = Client("https://login.example.com", "tenant", "client", "secret", "https://graph.example.com/.default", None)
        with pytest.raises(LoginRefused, match="requires a login"):
            client_token(client, Deadline(60), str)


def graph():
    return Graph(read_login(LOGIN), {"timeout": 60, "consecutive_reads": 1}, lambda *_command: (1, "", ""))


def test_graph_names_the_proxy_at_once(through):
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        through(f"http://127.0.0.1:{port}")
        with pytest.raises(MicrosoftFailed, match="requires a login"):
            graph().read(READ_APPLICATION, "/applications")


def test_a_token_without_permissions_is_a_missing_consent():
    message = "The token contains no permissions, or permissions can not be understood."
    answer = Answer(401, {}, {"error": {"code": "NoPermissionsInAccessToken", "message": message}})
    with pytest.raises(MicrosoftFailed) as caught:
        graph().refuse(answer, READ_APPLICATION, "GET", "/applications")
    told = str(caught.value)
    assert "Application.Read.All" in told and "admin consent" in told.lower()
    assert "cloud" not in told
