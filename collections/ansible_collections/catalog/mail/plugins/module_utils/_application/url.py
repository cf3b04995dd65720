# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Where the application's API is: an address taken apart and judged. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._core.errors import InputRefused
from .._core.loopback import is_loopback

ROOT = "/api/v1"
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}\Z|[0-9A-Fa-f:.]{2,45}\Z")
_PATH = re.compile(r"[A-Za-z0-9/._~-]*\Z")
_EXAMPLE = "Write it as http://127.0.0.1:8025 or https://catalog.example.com"


@dataclass(frozen=True)
class Address:
    """An API's address. ``path`` is what every request's path begins with; ``text`` is for sentences."""

    tls: bool
    host: str
    port: int
    path: str
    text: str


def api_address(url: str) -> Address:
    """The address that ``api_url`` names. Raises InputRefused, also where a token would cross a network in clear."""
    if "@" in url:
        raise InputRefused("api_url", "it holds a login, which the token_file is for", _EXAMPLE)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InputRefused("api_url", f"{url!r} is no address", _EXAMPLE) from None
    if parts.scheme not in ("http", "https") or not _HOST.match(host) or port == 0:
        raise InputRefused("api_url", f"{url!r} is no address of HTTP", _EXAMPLE)
    if parts.query or parts.fragment or not _PATH.match(parts.path):
        raise InputRefused("api_url", "it is more than an address (a question or odd characters)", _EXAMPLE)
    tls = parts.scheme == "https"
    if not tls and not is_loopback(host):
        raise InputRefused(
            "api_url", f"without TLS the token would cross the network to {host} readable by anyone",
            "Use https, or run the task on the application's own host, where http://127.0.0.1:8025 is")
    path = parts.path.rstrip("/")
    return Address(tls, host, port or (443 if tls else 80), _below_root(path), f"{parts.scheme}://{parts.netloc}{path}")


def _below_root(path: str) -> str:
    return path if path.endswith(ROOT) else path + ROOT
