# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Explain a failure of the proxy that the environment names, without its password. An edge: it reads the environment.

The words are those of Python's http.client for a CONNECT that is refused (RFC 9110, 9.3.6), and of urllib3.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional
from urllib.parse import urlsplit
from urllib.request import getproxies

from .libraries import library


class ProxyFailure(NamedTuple):
    """Cause and remedy as sentences; ``final``: another attempt gets the same answer."""

    cause: str
    remedy: str
    final: bool


_REFUSED = re.compile(r"Tunnel connection failed: (\d{3}) ?([^')]{0,100})")
_NAMED = "The environment names the proxy (https_proxy, no_proxy)."


def proxy_failure(exc: BaseException, url: str) -> Optional[ProxyFailure]:
    """Return what failed when an exception of requests is about the proxy for ``url``; None otherwise."""
    requests = library("requests")
    named = requests.utils.select_proxy(url, getproxies()) or ""
    if named and isinstance(exc, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)):
        # The exception quotes the whole URL, password included.
        return ProxyFailure(
            f"The proxy {shown_proxy(named)} could not be used: its URL is malformed, or does not begin with http:// or"
            " https://.", f"Write http://host:port. {_NAMED}", True)
    if not isinstance(exc, requests.exceptions.ProxyError):
        return None
    proxy, target = shown_proxy(named), urlsplit(url).netloc
    refused = _REFUSED.search(str(exc))
    if not refused:
        return ProxyFailure(
            f"The proxy {proxy} could not be used: {_reason(str(exc))}.",
            f"Check its name, port and that it runs, and the firewalls between. {_NAMED}", False)
    status, said = int(refused.group(1)), f"{refused.group(1)} {refused.group(2)}".strip().rstrip(".")
    if status == 407:
        given = "does not accept the login that the environment gives" if urlsplit(named).username else "requires a login"
        return ProxyFailure(
            f"The proxy {proxy} {given} ({said}).",
            f"Give user name and password in the proxy's URL, with special characters percent-encoded, or have this machine"
            f" allowed without, as a proxy that takes only NTLM, Kerberos or Digest needs. {_NAMED}", True)
    return ProxyFailure(
        f"The proxy {proxy} does not connect to {target} ({said}).",
        f"Have the proxy's administrator allow CONNECT to {target}, or set no_proxy. {_NAMED}", status < 500)


def shown_proxy(url: str) -> str:
    """Return scheme, host and port of a proxy, without user name and password."""
    scheme, _separator, rest = url.rpartition("://")
    return f"{scheme or 'http'}://{rest.rpartition('@')[2].partition('/')[0]}"


_REASONS = (
    ("connection refused", "it refused the connection"), ("name or service not known", "its name is not known"),
    ("failed to resolve", "its name is not known"), ("timed out", "it did not answer in time"),
    ("http and not https", "it does not speak TLS; name it by http://"),
)


def _reason(words: str) -> str:
    lowered = words.lower()
    return next((reason for piece, reason in _REASONS if piece in lowered), "no connection to it could be made")
