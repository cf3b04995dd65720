# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""One pooled client of HTTP for Entra and Graph. An edge.

requests lets REQUESTS_CA_BUNDLE win over authorities that were set on a session, so it is kept from the environment, and
proxies and that very variable are read by hand, where nothing else was said.
"""

from __future__ import annotations

import os
from typing import Any, Optional
from urllib.request import getproxies

from .._core.errors import InputRefused
from .libraries import library

CONNECT = 10.0
READ = 60.0
"""Seconds that a connection, and an answer, may take."""


def session(ca_file: Optional[str], proxies: bool = True) -> Any:
    """A requests.Session that verifies by ``ca_file``, or by what the environment names, or by its own authorities.

    ``last`` is its last answer. Every request has a time limit. Without ``proxies`` none of the environment is asked. Raises
    LibraryMissing, InputRefused.
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
    """Seconds before the next try: what the last answer of a session asks for, at least ``otherwise``."""
    said = web.last.headers.get("Retry-After", "") if web.last is not None else ""
    return max(float(said), otherwise) if said.isdigit() else otherwise


def was_sent(exc: BaseException) -> bool:
    """Whether the server may have acted on a request that ended so: True unless there was no connection at all."""
    requests = library("requests")
    if isinstance(exc, requests.exceptions.ConnectTimeout):
        return False
    words = repr(exc)
    return not any(name in words for name in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError"))
