"""What fails on the way to Microsoft, in whatever exception it came, as one Failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import requests

from catalog_mail.adapters.network_errors import innermost
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.failures.graph import GraphRefusal
from catalog_mail.domain.failures.microsoft_network import network_failure
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.settings.servers import GraphServer


class Failed(Exception):
    """A request that came to nothing. `unknown`: it may have been carried out all the same.

    `refusal` is Graph's own answer, where it gave one, and `tls` what it came by.
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
    """An answer is longer than what is read of it."""


def of_network(error: Exception, url: str, doing: str, server: GraphServer) -> Failure:
    """Of what requests, or msal above it, has raised."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        error = ConnectionResetError()
    return network_failure(innermost(error), url, doing, server)


def refusal(status: int, headers: Any, content: bytes) -> GraphRefusal:
    """From an answer that is no success, whatever stands in it."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    return refusal_of(status, headers, document)


def refusal_of(status: int, headers: Any, document: Any) -> GraphRefusal:
    """The same of a part of a batch, which is read already."""
    error = document.get("error") if isinstance(document, dict) else None
    error = error if isinstance(error, dict) else {}
    asked_for = next((headers[name] for name in ("Retry-After", "retry-after") if name in headers), None)
    wait = retry_after_seconds(asked_for, datetime.now(UTC))
    return GraphRefusal(status, str(error.get("code") or "")[:200], str(error.get("message") or "")[:2000], wait)
