# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer only requests whose Host header names this service (RFC 9110, 7.4), so that no other site's name reaches it.

A page of another site can have its own name point to the service's address (DNS rebinding); the browser then names that site.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from catalog_mail.api.problems import refusal
from catalog_mail.host_names import HostName, find_host, parse_host

# Monitoring calls these by whatever name or address it knows; they show no data of users.
FOR_ANY_HOST = ("/api/v1/health", "/api/v1/health/live", "/api/v1/health/ready", "/api/v1/metrics")
_LOOPBACK = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


@dataclass(frozen=True)
class AcceptedHosts:
    """The hosts that requests may name; loopback addresses and the address at which a connection arrived are accepted besides."""

    hosts: tuple[HostName, ...] = ()

    @classmethod
    def of(cls, base_url: str, listen: str, allowed: Iterable[str]) -> AcceptedHosts:
        """Return the host of the catalog's address, the address listened on, the loopback names, and those allowed besides.

        Only those in `allowed` may be limited to one port.
        """
        names = [urlsplit(base_url).hostname or "", listen, *_LOOPBACK]
        own = [find_host(f"[{name}]" if ":" in name else name) for name in names]
        return cls((*filter(None, own), *map(parse_host, allowed)))

    def accept(self, host: HostName, arrived_at: str | None) -> bool:
        """Return whether a request that names this host is for this service."""
        if any(accepted.covers(host) for accepted in self.hosts):
            return True
        try:
            address = _plain(ipaddress.ip_address(host.name))
            return address.is_loopback or (arrived_at is not None and address == _address(arrived_at))
        except ValueError:
            return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address at which a connection arrived, without a zone."""
    return _plain(ipaddress.ip_address(text.partition("%")[0]))


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


class HostCheck:
    """ASGI middleware: refuses requests that name another host with 421, and those that name none with 400."""

    def __init__(self, app: ASGIApp, accepted: AcceptedHosts) -> None:
        self._app = app
        self._accepted = accepted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in FOR_ANY_HOST:
            await self._app(scope, receive, send)
            return
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        host = find_host(given[0]) if len(given) == 1 else None
        server = scope.get("server")
        if host is None:
            answer = refusal(
                400, "invalid-host", "The request names no host, or not in the form of a Host header.",
                "Send the header Host with the name or address that the request is for.", "header.host",
            )  # fmt: skip
        elif not self._accepted.accept(host, server[0] if server else None):
            answer = refusal(
                421, "unknown-host", f"The request is for the host {host}, and this service does not have that name.",
                "Use the host of base_url or the service's address, or add the name to allowed_hosts in the service's "
                "configuration file (application_allowed_hosts of the role application).", "header.host",
            )  # fmt: skip
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)
