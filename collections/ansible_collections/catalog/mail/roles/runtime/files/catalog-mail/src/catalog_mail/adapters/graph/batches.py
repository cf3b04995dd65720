# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send several requests in one ($batch, at most 20). Each gets its own answer, in any order, and may fail alone."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_mail.adapters.graph.apps import LONGEST_WAIT, TRIES, App, GraphRequest
from catalog_mail.adapters.graph.failing import Failed, refusal_of
from catalog_mail.domain.failures.graph import GraphRefusal, Operation, graph_failure, not_understood
from catalog_mail.domain.settings.servers import GraphServer

MOST = 20
# Bytes of an answer that are read.
LARGEST = 24 * 1024 * 1024
_OF_ALL = frozenset({401, 403, 429, 503})
# Statuses after which a single request is retried: too many requests at once, or a concurrent change.
_LATER = frozenset({409, 412, 423, 424, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class BatchRequest:
    """A request of a batch; `key` is the message that it is about."""

    key: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class BatchResponse:
    """The answer to a request of a batch. `body` is JSON, or text in base64."""

    status: int
    body: Any

    def content(self) -> bytes:
        """Return the bytes of an answer that is not JSON."""
        text = str(self.body or "")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text.encode("utf-8", "surrogateescape")


def run(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], operation: Operation, headers: Mapping[str, str]
) -> Iterator[tuple[str, BatchResponse | Failed]]:
    """Yield key and answer of each request, or its own failure; requests answered with 404 are left out. Raises Failed."""
    for start in range(0, len(parts), MOST):
        yield from _chunk(app, server, parts[start : start + MOST], operation, headers)


def concerns_all(status: int) -> bool:
    """Return whether this status concerns the mailbox or the application, and so all messages."""
    return status in _OF_ALL


def _chunk(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], operation: Operation, headers: Mapping[str, str]
) -> Iterator[tuple[str, BatchResponse | Failed]]:
    left = {part.key: part for part in parts}
    for number in range(1, TRIES + 1):
        refused: dict[str, GraphRefusal] = {}
        for key, (status, answered, body) in _once(app, server, list(left.values()), operation, headers).items():
            if status < 300:
                del left[key]
                yield key, BatchResponse(status, body)
            elif status == 404:
                del left[key]
            else:
                refused[key] = refusal_of(status, answered, body)
        if not left:
            return
        wait = _pause(app, list(refused.values()))
        if wait is None or number == TRIES:
            yield from _given_up({key: refused.get(key) for key in left}, operation, server)
            return
        time.sleep(wait)


def _pause(app: App, refused: Sequence[GraphRefusal]) -> float | None:
    """Return the seconds to wait before the rest is retried; None when a retry cannot succeed."""
    final = [said for said in refused if said.status not in _LATER]
    if final:
        # A token keeps the permissions that it was issued with.
        renewable = all(said.status in {401, 403} for said in final)
        return 0.0 if renewable and app.renew() else None
    wait = max((1.0 if said.retry_after is None else said.retry_after for said in refused), default=1.0)
    return wait if wait <= LONGEST_WAIT else None


def _given_up(
    left: Mapping[str, GraphRefusal | None], operation: Operation, server: GraphServer
) -> Iterator[tuple[str, Failed]]:
    """Yield the failure of each request left; None has no answer. Raises Failed when a refusal concerns all messages."""
    of_all = [said for said in left.values() if said and concerns_all(said.status)]
    if of_all:
        said = max(of_all, key=lambda one: (one.status not in _LATER, one.retry_after or 0))
        raise Failed(graph_failure(said, operation, server), refusal=said)
    for key, refusal in left.items():
        failure = graph_failure(refusal, operation, server) if refusal else not_understood(operation, server)
        yield key, Failed(failure, refusal=refusal)


def _once(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], operation: Operation, headers: Mapping[str, str]
) -> dict[str, tuple[int, Mapping[str, Any], Any]]:
    """Make the requests once; return status, headers and body by key."""
    requests = [_request(number, part, headers) for number, part in enumerate(parts)]
    found = app.json(GraphRequest("POST", "/$batch", operation, body={"requests": requests}, largest=LARGEST)).get("responses")
    if not isinstance(found, list):
        raise Failed(not_understood(operation, server))
    answers: dict[str, tuple[int, Mapping[str, Any], Any]] = {}
    for item in found:
        try:
            key = parts[int(item["id"])].key
            answers[key] = (int(item["status"]), item.get("headers") or {}, item.get("body"))
        except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
            raise Failed(not_understood(operation, server)) from error
    return answers


def _request(number: int, part: BatchRequest, headers: Mapping[str, str]) -> dict[str, Any]:
    request: dict[str, Any] = {"id": str(number), "method": part.method, "url": part.path, "headers": dict(headers)}
    if part.body is not None:
        request["body"] = dict(part.body)
        request["headers"]["Content-Type"] = "application/json"
    return request
