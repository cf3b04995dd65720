# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate failures of the proxy to Microsoft into causes and remedies; a proxy is named without its password."""

from __future__ import annotations

import re
import socket
import ssl
from urllib.parse import urlsplit

from catalog_mail.domain.failures.connection import readable
from catalog_mail.domain.failures.entra import beginning
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.servers import GraphServer

_SETTING = "proxy_url of [microsoft] in the service's configuration file"
# The words of Python's http.client for a CONNECT that is refused (RFC 9110, 9.3.6).
_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})(.*)", re.DOTALL)


def shown_proxy(url: str) -> str:
    """Return scheme, host and port of a proxy, without user name and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def proxy_failure(error: BaseException, url: str, server: GraphServer) -> Failure:
    """Translate an exception of the connection to the proxy; `url` is the one requested of Microsoft."""
    proxy = shown_proxy(server.proxy_url or "")
    target = urlsplit(url).netloc.rpartition("@")[2]
    refused = _REFUSED.search(str(error))
    if refused:
        return _refused(int(refused[1]), refused[2], proxy, target, server)
    reason, remedy = _unreached(error, server)
    return Failure(
        Cause.PROXY_FAILED, f"{beginning(server)} The proxy {proxy} {reason}.", f"{remedy} {_SETTING} names the proxy.",
        temporary=True, field=None,
    )  # fmt: skip


def _refused(status: int, words: str, proxy: str, target: str, server: GraphServer) -> Failure:
    said = f"{status} {_words(words, server)}".strip()
    if status == 407:
        given = bool(urlsplit(server.proxy_url or "").username)
        cause = f"The proxy {proxy} does not accept the login in proxy_url" if given else f"The proxy {proxy} requires a login"
        return Failure(
            Cause.PROXY_LOGIN_REFUSED, f"{beginning(server)} {cause} ({said}).",
            f"Let the proxy's administrator allow this host without a login, or give user name and password in {_SETTING} "
            "(http://user:password@host:port, with special characters percent-encoded). The service logs in by Basic alone: a "
            "proxy that takes only NTLM, Kerberos or Digest has to allow this host without.",
            temporary=False, field=None,
        )  # fmt: skip
    passing = status >= 500 or status in {408, 429}
    return Failure(
        Cause.PROXY_FAILED, f"{beginning(server)} The proxy {proxy} does not connect to {target}: {said}.",
        f"{'It may work later. ' if passing else ''}Let the proxy's administrator allow CONNECT to {target}; {_SETTING} "
        "names the proxy.", temporary=passing, field=None,
    )  # fmt: skip


def _unreached(error: BaseException, server: GraphServer) -> tuple[str, str]:
    """Return why the proxy itself was not reached, and the remedy."""
    if isinstance(error, socket.gaierror):
        return "cannot be found: its name is not known", "Check the name, and this host's DNS ('getent hosts NAME')."
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection", "Check that the proxy runs, its port, and the firewalls between."
    if isinstance(error, TimeoutError):
        return "did not answer in time", "Check its address and the firewalls between."
    if isinstance(error, ssl.SSLError):
        return "does not speak TLS as https:// asks", "Most proxies are named by http://, also for https addresses behind them."
    reason = getattr(error, "strerror", None) or _words(str(error), server) or type(error).__name__
    return f"cannot be used: {reason}", "Check its address, and that it is an HTTP proxy."


def _words(text: str, server: GraphServer) -> str:
    """Return a proxy's words for display, without the password."""
    return readable(text.encode(), urlsplit(server.proxy_url or "").password).rstrip(".")
