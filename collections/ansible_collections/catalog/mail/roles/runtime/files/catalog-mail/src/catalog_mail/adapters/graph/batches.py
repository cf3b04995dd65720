"""Several requests in one ($batch, at most 20): each has an answer of its own, in any order, and may fail by itself."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_mail.adapters.graph.apps import LONGEST_WAIT, TRIES, App, GraphRequest
from catalog_mail.adapters.graph.failing import Failed, refusal_of
from catalog_mail.domain.failures.graph import Doing, GraphRefusal, graph_failure, not_understood
from catalog_mail.domain.settings.servers import GraphServer

MOST = 20
# Bytes of an answer.
LARGEST = 24 * 1024 * 1024
_OF_ALL = frozenset({401, 403, 429, 503})
# Of one request alone: too many at once for the mailbox, or it was changed by somebody else at the same moment.
_LATER = frozenset({409, 412, 424, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class BatchRequest:
    """One request; `key` is the message that it is about."""

    key: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class BatchResponse:
    """Its answer. `body` is what stood there: JSON, or text in base64."""

    status: int
    body: Any

    def content(self) -> bytes:
        """The bytes of an answer that is no JSON."""
        text = str(self.body or "")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text.encode("utf-8", "surrogateescape")


def run(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], doing: Doing, headers: Mapping[str, str]
) -> Iterator[tuple[str, BatchResponse | Failed]]:
    """Key and answer of each, or how it failed for itself alone; what is gone by now (404) is left out. Raises Failed."""
    for start in range(0, len(parts), MOST):
        yield from _chunk(app, server, parts[start : start + MOST], doing, headers)


def concerns_all(status: int) -> bool:
    """Whether such an answer about one message says something of the mailbox or the application, and so of all messages."""
    return status in _OF_ALL


def _chunk(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], doing: Doing, headers: Mapping[str, str]
) -> Iterator[tuple[str, BatchResponse | Failed]]:
    left = {part.key: part for part in parts}
    for number in range(1, TRIES + 1):
        refused: dict[str, GraphRefusal] = {}
        for key, (status, answered, body) in _once(app, server, list(left.values()), doing, headers).items():
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
            yield from _given_up({key: refused.get(key) for key in left}, doing, server)
            return
        time.sleep(wait)


def _pause(app: App, refused: Sequence[GraphRefusal]) -> float | None:
    """Seconds after which the rest may go better, None where it will not."""
    final = [said for said in refused if said.status not in _LATER]
    if final:
        # A token keeps the permissions that it was made with.
        renewable = all(said.status in {401, 403} for said in final)
        return 0.0 if renewable and app.renew() else None
    wait = max((1.0 if said.retry_after is None else said.retry_after for said in refused), default=1.0)
    return wait if wait <= LONGEST_WAIT else None


def _given_up(
    left: Mapping[str, GraphRefusal | None], doing: Doing, server: GraphServer
) -> Iterator[tuple[str, Failed]]:
    """Of each; None is one without an answer. Raises Failed where one concerns all: what asks for the longest pause."""
    of_all = [said for said in left.values() if said and concerns_all(said.status)]
    if of_all:
        said = max(of_all, key=lambda one: (one.status not in _LATER, one.retry_after or 0))
        raise Failed(graph_failure(said, doing, server), refusal=said)
    for key, refusal in left.items():
        failure = graph_failure(refusal, doing, server) if refusal else not_understood(doing, server)
        yield key, Failed(failure, refusal=refusal)


def _once(
    app: App, server: GraphServer, parts: Sequence[BatchRequest], doing: Doing, headers: Mapping[str, str]
) -> dict[str, tuple[int, Mapping[str, Any], Any]]:
    """Status, headers and body by key."""
    requests = [_request(number, part, headers) for number, part in enumerate(parts)]
    found = app.json(GraphRequest("POST", "/$batch", doing, body={"requests": requests}, largest=LARGEST)).get("responses")
    if not isinstance(found, list):
        raise Failed(not_understood(doing, server))
    answers: dict[str, tuple[int, Mapping[str, Any], Any]] = {}
    for item in found:
        try:
            key = parts[int(item["id"])].key
            answers[key] = (int(item["status"]), item.get("headers") or {}, item.get("body"))
        except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
            raise Failed(not_understood(doing, server)) from error
    return answers


def _request(number: int, part: BatchRequest, headers: Mapping[str, str]) -> dict[str, Any]:
    request: dict[str, Any] = {"id": str(number), "method": part.method, "url": part.path, "headers": dict(headers)}
    if part.body is not None:
        request["body"] = dict(part.body)
        request["headers"]["Content-Type"] = "application/json"
    return request
