# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS to Microsoft: pooled connections, configured authorities and proxy, bounded answers."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from catalog_mail import __version__
from catalog_mail.adapters.connection import encryption, verifying_context
from catalog_mail.domain.settings.servers import GraphServer

CONNECT_SECONDS = 10.0
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer. `cut`: only its beginning was read, since it is longer than the limit."""

    status: int
    headers: Any
    content: bytes = field(repr=False)
    tls: str | None = None
    cut: bool = False


def with_query(path: str, params: Mapping[str, str] | None) -> str:
    """Return path and query in the form that Graph reads: a space is %20, not a plus sign."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in (params or {}).items())
    return f"{path}?{query}" if query else path


def user_path(server: GraphServer) -> str:
    """Return the path of the mailbox's user. An address may contain a slash (RFC 5321, 4.1.2), a guest's name a `#`."""
    return f"/users/{quote(server.user or server.mailbox, safe='')}"


def make_session(server: GraphServer, connections: int) -> requests.Session:
    """Return a session for several threads. Raises OSError, whose `strerror` says why the CA file cannot be used."""
    if server.ca_file:
        verifying_context(server.ca_file)
    session = requests.Session()
    # Ignore proxies, authorities and passwords of the environment: only the configuration counts. Otherwise REQUESTS_CA_BUNDLE
    # would silently replace the CA file.
    session.trust_env = False
    paths = ssl.get_default_verify_paths()
    session.verify = server.ca_file or paths.cafile or paths.capath or True
    if server.proxy_url:
        session.proxies = {"https": server.proxy_url}
    session.headers["User-Agent"] = f"catalog-mail/{__version__}"
    session.mount("https://", HTTPAdapter(pool_connections=2, pool_maxsize=connections, pool_block=True))
    return session


def read(response: requests.Response, most: int) -> Answer:
    """Return the answer, or its beginning: at most `most` bytes. Raises the exceptions of requests."""
    tls = encryption(_socket(response))
    content = bytearray()
    with response:
        for piece in response.iter_content(_PIECE):
            content += piece
            if len(content) > most:
                break
        return Answer(response.status_code, response.headers, bytes(content[:most]), tls, cut=len(content) > most)


def _socket(response: requests.Response) -> Any:
    """Return the connection's socket while it is open; urllib3 has no documented interface for it."""
    raw = response.raw
    connection = getattr(raw, "connection", None) or getattr(raw, "_connection", None)
    return getattr(connection, "sock", None)
