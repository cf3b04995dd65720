"""What fails on the way to Microsoft, in whatever exception it came, as one Failure."""

from __future__ import annotations

import json
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.failures.graph import GraphRefusal
from catalog_mail.domain.failures.microsoft_network import network_failure
from catalog_mail.domain.settings.document import GraphServer

# Longest pause that is believed.
LONGEST_PAUSE = 3600.0
_TELLING = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError)


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


def innermost(error: BaseException) -> BaseException:
    """What the system said: urllib3 and requests wrap it several times."""
    found: BaseException = error
    for _layer in range(10):
        if isinstance(found, _TELLING):
            break
        inner = getattr(found, "reason", None)
        inner = inner if isinstance(inner, BaseException) else found.__cause__ or found.__context__
        if inner is None:
            inner = next((part for part in found.args if isinstance(part, BaseException)), None)
        if inner is None:
            break
        found = inner
    if "Timeout" in type(error).__name__ and not isinstance(found, _TELLING):
        return TimeoutError()
    return found


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
    wait = seconds(headers.get("Retry-After") or headers.get("retry-after"))
    return GraphRefusal(status, str(error.get("code") or "")[:200], str(error.get("message") or "")[:2000], wait)


def seconds(retry_after: Any) -> float | None:
    """Retry-After as seconds or as a date (RFC 9110, 10.2.3), at most an hour; None for what is neither."""
    value = str(retry_after or "").strip()[:100]
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_PAUSE)
