# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each national cloud: the service asks its hosts by their real names, which a proxy leads to a running emulator."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from emulator.running import Running
from emulator.world import CLOUDS
from helpers.service.process import RunningService
from helpers.waiting import wait_until

HOSTS = sorted({urlsplit(url).hostname or "" for urls in CLOUDS.values() for url in urls})


@dataclass
class Proxy:
    """A proxy that leads every host to one port of the loopback, so that no request leaves this host."""

    target: int
    asked: set[str] = field(default_factory=set)
    port: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """Listen until the end of the block."""
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", proxy.target)) as server:
                    proxy.asked.add(_connect(self.request))
                    self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    _pass_on(self.request, server)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
            listening.daemon_threads = True
            self.port = listening.server_address[1]
            threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
            yield self
            listening.shutdown()


def _connect(client: socket.socket) -> str:
    """Read a CONNECT request; return the host that it names."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    method, place, _version = head.split(b"\r\n")[0].split()
    assert (method, place.partition(b":")[2]) == (b"CONNECT", b"443")
    return place.partition(b":")[0].decode()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass data on both ways until one side ends."""
    with contextlib.suppress(ConnectionError):
        while True:
            for ready in select.select([one, other], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (other if ready is one else one).sendall(data)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run an emulator whose certificate names the hosts of all clouds."""
    with Running(tmp_path_factory.mktemp("clouds"), names=HOSTS) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(clouds: Running) -> Iterator[Proxy]:
    with Proxy(clouds.port).running() as running:
        yield running


@pytest.fixture
def service(make_service: Callable[..., RunningService], clouds: Running, proxy: Proxy) -> RunningService:
    """Run a service that knows the way to Microsoft, and no address of it."""
    return make_service(microsoft={"proxy_url": f"http://127.0.0.1:{proxy.port}", "ca_file": str(clouds.ca_file)})


def settings(tenant: dict[str, Any], cloud: str, sender: str) -> dict[str, Any]:
    app = tenant["applications"][0]
    microsoft = {
        "tenant_id": tenant["id"], "client_id": app["app_id"], "client_secret": app["client_secret"], "email_address": sender,
        "cloud": cloud,
    }  # fmt: skip
    return {"notifications": {"enabled": True, "transport": "microsoft", "microsoft": microsoft}}


def test_each_cloud_is_asked_by_its_own_names(service: RunningService, clouds: Running, proxy: Proxy) -> None:
    for cloud, urls in CLOUDS.items():
        domain = f"{cloud.replace('_', '-')}.test"
        sender, recipient = f"catalog@{domain}", f"jane@{domain}"
        (tenant,) = clouds.seed({
            "id": str(uuid4()), "cloud": cloud, "domains": [domain],
            "users": [{"user_principal_name": address} for address in (sender, recipient)],
            "applications": [{"display_name": "catalog", "secret": True, "roles": ["Mail.Send", "Mail.Read"]}],
        })  # fmt: skip
        proxy.asked.clear()
        saved = service.save(settings(tenant, cloud, sender), test={"recipient": recipient})
        assert saved.status_code == 200, saved.text
        wait_until(lambda at=recipient: clouds.messages(at, "inbox"), f"no test message came in the cloud {cloud}")
        assert proxy.asked == {urlsplit(url).hostname for url in urls}
