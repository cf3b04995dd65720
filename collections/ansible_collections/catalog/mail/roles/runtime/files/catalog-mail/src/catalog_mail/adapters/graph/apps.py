# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App registrations in this process: the connections, the token and the share of Graph's limits of each."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from catalog_mail.adapters.graph.failing import Failed, TooLong, of_network, refusal
from catalog_mail.adapters.graph.limits import AT_ONCE, NoFreeSlot, RequestSlots
from catalog_mail.adapters.graph.message_rate import MessageRate
from catalog_mail.adapters.graph.tokens import Token, Tokens
from catalog_mail.adapters.graph.web import (
    CONNECT_SECONDS,
    Answer,
    make_session,
    read,
    with_query,
)
from catalog_mail.domain.failures.graph import (
    GraphRefusal,
    Operation,
    graph_failure,
    not_understood,
)
from catalog_mail.domain.failures.microsoft_network import authorities_unreadable
from catalog_mail.domain.settings.servers import GraphServer

# Bytes of an answer that are read; a longer answer is cut off.
LARGEST = 64 * 1024 * 1024
# Tries of an idempotent request, and the longest pause in seconds before one of them.
TRIES = 4
LONGEST_WAIT = 10.0
# A token older than this, in seconds, may lack permissions granted since.
OLD = 5.0
# Statuses after which an idempotent request is retried: a busy server, or another write to the same object.
_LATER = frozenset({409, 412, 423, 429, 502, 503, 504})
KEPT = 4


@dataclass(frozen=True)
class GraphRequest:
    """A request below /v1.0, or the full URL of a further page.

    `body` is JSON, or bytes sent unchanged. `again`: the request is idempotent, so it may be retried automatically. `largest` is
    how many bytes of the answer are read, `sender` the From address of a message, for error sentences.
    """

    method: str
    path: str
    operation: Operation
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: Any = None
    again: bool = True
    largest: int = LARGEST
    sender: str | None = None


class Registration:
    """State shared by all mailboxes of an app registration: connections, token and limits."""

    def __init__(self, server: GraphServer, slots: RequestSlots) -> None:
        self.slots = slots
        try:
            self.session = make_session(server, AT_ONCE)
        except OSError as error:
            raise Failed(authorities_unreadable(error.strerror or "unreadable", server)) from error
        self.tokens = Tokens(server, self.session)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


class App:
    """An app registration, used for one mailbox. Raises only Failed. Thread-safe."""

    def __init__(self, server: GraphServer, registration: Registration) -> None:
        self._server = server
        self._registration = registration
        self._tokens = registration.tokens

    def request(self, request: GraphRequest) -> Answer:
        """Make the request; return its answer if it succeeds."""
        for number in range(1, TRIES + 1):
            last = number == TRIES
            token = self._tokens.token()
            answer = self._once(request, token, last=last)
            if answer is None:
                continue
            if answer.status < 300:
                return answer
            said = refusal(answer.status, answer.headers, answer.content)
            if last or not self._may_try_again(request, said, token):
                raise self._refused(request, said, answer)
        raise AssertionError  # unreachable: the last try returns or raises

    def json(self, request: GraphRequest) -> dict[str, Any]:
        """Make the request; return the JSON object of its answer."""
        answer = self.request(request)
        if answer.cut:
            raise TooLong(not_understood(request.operation, self._server), unknown=True)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Failed(not_understood(request.operation, self._server), unknown=True)
        return found

    def renew(self) -> bool:
        """Return whether a new token may have more permissions than this one; the next request then uses one. Raises Failed."""
        token = self._tokens.token()
        if token.age > OLD:
            self._tokens.forget(token)
            return True
        return False

    def log_in(self) -> datetime | None:
        """Get a token; return Entra's own time, None when it told none. Raises Failed."""
        self._tokens.token()
        return self._tokens.told_time

    def close(self) -> None:
        """Close the connections, also those of other apps with this registration."""
        self._registration.close()

    def _refused(self, request: GraphRequest, said: GraphRefusal, answer: Answer) -> Failed:
        # With these statuses the request may have been carried out.
        unknown = said.status in {408, 500, 502, 503, 504}
        failure = graph_failure(said, request.operation, self._server, request.sender)
        return Failed(failure, refusal=said, unknown=unknown, tls=answer.tls)

    def _may_try_again(self, request: GraphRequest, said: GraphRefusal, token: Token) -> bool:
        """Return whether to retry at once; makes a short pause when one is needed."""
        if said.status in {401, 403}:
            if token.age > OLD or said.status == 401:
                self._tokens.forget(token)
            return token.age > OLD
        wait = said.retry_after if said.retry_after is not None else 1.0
        if not request.again or said.status not in _LATER or wait > LONGEST_WAIT:
            return False
        time.sleep(wait)
        return True

    def _once(self, request: GraphRequest, token: Token, *, last: bool) -> Answer | None:
        """Try once; None when the connection broke off and the request is to be retried."""
        url = request.path if request.path.startswith("https://") else f"{self._server.graph_url}/v1.0{request.path}"
        if not url.startswith(f"{self._server.graph_url}/"):  # the token is sent to no other address
            raise Failed(not_understood(request.operation, self._server))
        try:
            with self._registration.slots.slot(4 * self._server.timeout):
                return read(self._send(request, url, token), request.largest)
        except NoFreeSlot:
            said = GraphRefusal(429, "", "")
            raise Failed(graph_failure(said, request.operation, self._server), refusal=said) from None
        except (requests.RequestException, OSError) as error:
            broken = isinstance(error, requests.ConnectionError) and not isinstance(
                error, requests.Timeout | requests.exceptions.SSLError
            )
            if request.again and broken and not last:
                time.sleep(0.1)
                return None
            failure = of_network(error, url, request.operation, self._server)
            # A connection that failed before it was made has carried no request.
            unmade = requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
            unknown = not isinstance(error, unmade)
            raise Failed(failure, unknown=unknown) from error

    def _send(self, request: GraphRequest, url: str, token: Token) -> requests.Response:
        headers = {"Authorization": f"Bearer {token.text}", "Accept": "application/json", **(request.headers or {})}
        content = request.body
        if content is not None and not isinstance(content, bytes):
            content = json.dumps(content, separators=(",", ":")).encode("ascii")
            headers["Content-Type"] = "application/json"
        return self._registration.session.request(
            request.method,
            with_query(url, request.params),
            data=content,
            headers=headers,
            timeout=(min(CONNECT_SECONDS, self._server.timeout), self._server.timeout),
            allow_redirects=False,
            stream=True,
        )


class Apps:
    """Keeps one Registration for each set of credentials; closes the least recently used one beyond KEPT.

    `folder` is passed to RequestSlots and MessageRate.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._registrations: OrderedDict[GraphServer, Registration] = OrderedDict()
        self._slots: dict[tuple[str, ...], RequestSlots] = {}
        self._rates: dict[tuple[str, ...], MessageRate] = {}
        self._lock = threading.Lock()

    def app(self, server: GraphServer) -> App:
        """Return the app for this mailbox. Raises Failed."""
        key = replace(server, mailbox="", user=None)
        with self._lock:
            registration = self._registrations.pop(key, None) or Registration(server, self._places_of(server))
            self._registrations[key] = registration
            dropped = self._registrations.popitem(last=False)[1] if len(self._registrations) > KEPT else None
        if dropped:
            dropped.close()
        return App(server, registration)

    def fresh(self, server: GraphServer) -> App:
        """Return an app with a token of its own, for a test; the limits are shared. The caller closes it. Raises Failed."""
        with self._lock:
            slots = self._places_of(server)
        return App(server, Registration(server, slots))

    def rate(self, server: GraphServer) -> MessageRate:
        """Return the rate limit of messages sent from this mailbox."""
        with self._lock:
            if server.identity_key not in self._rates:
                self._rates[server.identity_key] = MessageRate(self._folder, server)
            return self._rates[server.identity_key]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            registrations, self._registrations = list(self._registrations.values()), OrderedDict()
        for registration in registrations:
            registration.close()

    def _places_of(self, server: GraphServer) -> RequestSlots:
        if server.application_key not in self._slots:
            self._slots[server.application_key] = RequestSlots(self._folder, server)
        return self._slots[server.application_key]
