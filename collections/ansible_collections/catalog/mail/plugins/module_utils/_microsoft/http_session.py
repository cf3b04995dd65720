# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""One pooled HTTP client for Entra and Graph. An edge.

In requests the variable REQUESTS_CA_BUNDLE overrides the authorities set on a session. So the session ignores the
environment, and this file reads proxies, and without ``ca_file`` that variable.
"""

from __future__ import annotations

import os
from typing import Any, Optional
from urllib.request import getproxies

from .._core.errors import InputRefused
from .graph_responses import date_of, seconds_to_wait
from .libraries import library

CONNECT = 10.0
READ = 60.0
"""Timeouts in seconds, of a connection and of an answer."""


def session(ca_file: Optional[str], proxies: bool = True) -> Any:
    """Return a requests.Session that verifies by ``ca_file``, by the file in the environment, or by its own authorities.

    ``last`` is its last answer. Every request has a timeout. Without ``proxies`` the environment's proxies are ignored.
    Raises LibraryMissing, and InputRefused when the file does not exist.
    """
    requests = library("requests")
    authorities = ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if authorities and not os.path.exists(authorities):
        named = "" if ca_file else ", which the environment names"
        raise InputRefused("login.ca_file", f"there is no file {authorities}{named}", "Name a file with certificates in PEM")

    class Session(requests.Session):  # type: ignore[name-defined]
        last: Any = None

        def request(self, method, url, **options):
            options["timeout"] = options.get("timeout") or (CONNECT, READ)
            if proxies and not options.get("proxies") and not requests.utils.should_bypass_proxies(url, no_proxy=None):
                options["proxies"] = getproxies()
            self.last = None
            self.last = super().request(method, url, **options)
            return self.last

    made = Session()
    made.trust_env = False
    made.verify = authorities or True
    return made


def asked_to_wait(web: Any, otherwise: float) -> float:
    """Return the seconds before a retry: those that a session's last answer asks for, at least ``otherwise``."""
    if web.last is None:
        return otherwise
    headers = web.last.headers
    asked = seconds_to_wait(headers.get("Retry-After"), date_of(headers.get("Date")))
    return otherwise if asked is None else max(asked, otherwise)


def was_sent(exc: BaseException) -> bool:
    """Whether the server may have acted on a request that ended with this exception: True unless it never connected."""
    requests = library("requests")
    if isinstance(exc, requests.exceptions.ConnectTimeout):
        return False
    words = repr(exc)
    return not any(name in words for name in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError"))
