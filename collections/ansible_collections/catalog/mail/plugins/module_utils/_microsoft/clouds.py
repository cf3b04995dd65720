# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Addresses of Entra and Graph in each of Microsoft's clouds (Graph: "national cloud deployments"). Pure."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from .._core.errors import InputRefused


class Endpoints(NamedTuple):
    """The addresses of Entra and Graph, without a path."""

    authority_url: str
    graph_url: str


# GCC uses the global cloud. A token of one cloud is invalid in another.
ENDPOINTS: Dict[str, Endpoints] = {
    "global": Endpoints("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_gov": Endpoints("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_gov_dod": Endpoints("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": Endpoints("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


def endpoints(cloud: str, authority_url: Optional[str], graph_url: Optional[str]) -> Endpoints:
    """Return the addresses of a cloud, or the given ones. Raises InputRefused for an invalid address."""
    usual = ENDPOINTS[cloud]
    return Endpoints(
        _origin("login.authority_url", authority_url or usual.authority_url),
        _origin("login.graph_url", graph_url or usual.graph_url))


def _origin(field: str, url: str) -> str:
    """Return an address without a path. Raises InputRefused unless it is https, which protects the token."""
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        plain = parts.scheme == "https" and parts.hostname and (parts.port or 443) and parts.netloc.rpartition("@")[1] == ""
    except ValueError:
        plain = False
    if not plain or parts.path or parts.query or parts.fragment:
        raise InputRefused(
            field, f"{url!r} is not an https address without a path",
            "Write it as https://graph.microsoft.com, with a port if need be")
    return f"https://{parts.netloc}"
