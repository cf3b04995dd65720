"""HTTPS to Microsoft: pooled connections, our own authorities and proxy, bounded answers."""

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
    """An answer that was read. `cut`: only its beginning, since it is longer than was asked for."""

    status: int
    headers: Any
    content: bytes = field(repr=False)
    tls: str | None = None
    cut: bool = False


def with_query(path: str, params: Mapping[str, str] | None) -> str:
    """A path and its query, as Graph reads one: a space is %20 there, not a plus sign."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in (params or {}).items())
    return f"{path}?{query}" if query else path


def user_path(mailbox: str) -> str:
    """The path of a user by the address of the mailbox, which may hold a slash (RFC 5321, 4.1.2)."""
    return f"/users/{quote(mailbox, safe='')}"


def make_session(server: GraphServer, connections: int) -> requests.Session:
    """One for several threads. Raises OSError, whose `strerror` says why the CA file cannot be used."""
    if server.ca_file:
        verifying_context(server.ca_file)
    session = requests.Session()
    # Neither proxies nor authorities nor passwords from the environment: what is configured holds. With the environment,
    # REQUESTS_CA_BUNDLE would silently win over the file.
    session.trust_env = False
    paths = ssl.get_default_verify_paths()
    session.verify = server.ca_file or paths.cafile or paths.capath or True
    if server.proxy_url:
        session.proxies = {"https": server.proxy_url}
    session.headers["User-Agent"] = f"catalog-mail/{__version__}"
    session.mount("https://", HTTPAdapter(pool_connections=2, pool_maxsize=connections, pool_block=True))
    return session


def read(response: requests.Response, most: int) -> Answer:
    """The answer, or its beginning: at most so many bytes. Raises what requests raises."""
    tls = encryption(_socket(response))
    content = bytearray()
    with response:
        for piece in response.iter_content(_PIECE):
            content += piece
            if len(content) > most:
                break
        return Answer(response.status_code, response.headers, bytes(content[:most]), tls, cut=len(content) > most)


def _socket(response: requests.Response) -> Any:
    """The connection's socket while it is open; urllib3 does not tell it in its documented interface."""
    raw = response.raw
    connection = getattr(raw, "connection", None) or getattr(raw, "_connection", None)
    return getattr(connection, "sock", None)
