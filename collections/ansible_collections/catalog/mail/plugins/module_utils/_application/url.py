# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Parse and check the address of the application's API. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple
from urllib.parse import urlsplit

from .._core.errors import InputRefused
from .._core.loopback import is_loopback

ROOT = "/api/v1"
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}\Z|[0-9A-Fa-f:.]{2,45}\Z")
_PATH = re.compile(r"[A-Za-z0-9/._~-]*\Z")
_EXAMPLE = "Write it as http://127.0.0.1:8025 or https://catalog.example.com"


@dataclass(frozen=True)
class Address:
    """An API's address. ``path`` is the prefix of every request's path; ``text`` is for messages."""

    tls: bool
    host: str
    port: int
    path: str
    text: str


def api_address(url: str) -> Address:
    """Parse ``api_url``. Raises InputRefused when it is invalid, or the token would cross a network unencrypted."""
    if "@" in url:
        raise InputRefused("api_url", "it contains a login, and the API takes only the token in token_file", _EXAMPLE)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InputRefused("api_url", f"{url!r} is no address", _EXAMPLE) from None
    if parts.scheme not in ("http", "https") or not _HOST.match(host) or port == 0:
        raise InputRefused("api_url", f"{url!r} is not an HTTP address", _EXAMPLE)
    if parts.query or parts.fragment or not _PATH.match(parts.path):
        raise InputRefused("api_url", "it contains a query, a fragment or invalid characters", _EXAMPLE)
    tls = parts.scheme == "https"
    if not tls and not is_loopback(host):
        raise InputRefused(
            "api_url", f"without TLS the token would cross the network to {host} readable by anyone",
            "Use https, or run the task on the application's own host with http://127.0.0.1:8025")
    path = parts.path.rstrip("/")
    return Address(tls, host, port or (443 if tls else 80), _below_root(path), f"{parts.scheme}://{parts.netloc}{path}")


def listener(listen: str) -> Tuple[str, int]:
    """Return host and port by which the service's own host reaches the service.

    ``listen`` is the value in the service's configuration, such as ``127.0.0.1:8025`` or ``[::]:8025``. Raises InputRefused
    when it has no host or no port.
    """
    host, _colon, port = listen.rpartition(":")
    if not host or not re.match(r"[0-9]{1,5}\Z", port):
        raise InputRefused("listen", f"{listen!r} is not a host with a port", "Write it as 127.0.0.1:8025")
    asked = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104  # asked, not listened on
    return asked, int(port)


def _below_root(path: str) -> str:
    return path if path.endswith(ROOT) else path + ROOT
