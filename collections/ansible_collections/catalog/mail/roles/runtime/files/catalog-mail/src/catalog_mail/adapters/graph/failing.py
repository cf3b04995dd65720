# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert the exceptions of requests to Microsoft into one Failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import requests

from catalog_mail.adapters.network_errors import innermost
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.failures.graph import GraphRefusal
from catalog_mail.domain.failures.microsoft_network import network_failure
from catalog_mail.domain.failures.proxy import proxy_failure
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.settings.servers import GraphServer


class Failed(Exception):
    """A request that failed. `unknown`: it may have been carried out.

    `refusal` is Graph's own answer, if there is one, and `tls` the encryption of its connection.
    """

    def __init__(
        self, failure: Failure, *, refusal: GraphRefusal | None = None, unknown: bool = False, tls: str | None = None
    ) -> None:
        super().__init__(failure.cause)
        self.failure = failure
        self.refusal = refusal
        self.unknown = unknown
        self.tls = tls


class TooLong(Failed):
    """An answer was longer than the limit of the request."""


def of_network(error: Exception, url: str, operation: str, server: GraphServer) -> Failure:
    """Return the failure of an exception of requests or msal."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        error = ConnectionResetError()
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL):
        return proxy_failure(innermost(error), url, server)
    return network_failure(innermost(error), url, operation, server)


def refusal(status: int, headers: Any, content: bytes) -> GraphRefusal:
    """Return the refusal of an answer without success, also when its body is malformed."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    return refusal_of(status, headers, document)


def refusal_of(status: int, headers: Any, document: Any) -> GraphRefusal:
    """Return the refusal of a batch's part, which is parsed already."""
    error = document.get("error") if isinstance(document, dict) else None
    error = error if isinstance(error, dict) else {}
    asked_for = next((headers[name] for name in ("Retry-After", "retry-after") if name in headers), None)
    wait = retry_after_seconds(asked_for, datetime.now(UTC))
    return GraphRefusal(status, str(error.get("code") or "")[:200], str(error.get("message") or "")[:2000], wait)
