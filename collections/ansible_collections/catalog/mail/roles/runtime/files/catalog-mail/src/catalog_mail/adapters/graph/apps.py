"""App registrations as this process uses them: each with its connections, its token, and its share of Graph's limits."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from catalog_mail.adapters.graph.failing import Failed, TooLong, of_network, refusal
from catalog_mail.adapters.graph.limits import AT_ONCE, Full, Pace, Places
from catalog_mail.adapters.graph.tokens import Token, Tokens
from catalog_mail.adapters.graph.web import CONNECT_SECONDS, Answer, make_session, read, with_query
from catalog_mail.domain.failures.graph import Doing, GraphRefusal, graph_failure, not_understood
from catalog_mail.domain.failures.microsoft_network import authorities_unreadable
from catalog_mail.domain.settings.servers import GraphServer

# Of one answer so much is read; of what is longer only the beginning.
LARGEST = 64 * 1024 * 1024
# A request that changes nothing, or the same each time, is made so often; and waits so many seconds at most by itself.
TRIES = 4
LONGEST_WAIT = 10.0
# A token of this age may lack what was granted since.
OLD = 5.0
_LATER = frozenset({429, 502, 503, 504})
KEPT = 4


@dataclass(frozen=True)
class GraphRequest:
    """One request below /v1.0, or the whole address of a further page.

    `body` is JSON, or bytes as they are. `again`: it may be made again by itself, since twice is the same as once. `largest` is
    how much of the answer is read, `sender` the From address of a message, for sentences.
    """

    method: str
    path: str
    doing: Doing
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: Any = None
    again: bool = True
    largest: int = LARGEST
    sender: str | None = None


class Registration:
    """What all mailboxes have in common that are used by one app registration: connections, token and limits."""

    def __init__(self, server: GraphServer, places: Places) -> None:
        self.places = places
        try:
            self.session = make_session(server, AT_ONCE)
        except OSError as error:
            raise Failed(authorities_unreadable(error.strerror or "unreadable", server)) from error
        self.tokens = Tokens(server, self.session)

    def close(self) -> None:
        """End the connections."""
        self.session.close()


class App:
    """An app registration, used for one mailbox. Raises Failed and nothing else. Safe to use from several threads."""

    def __init__(self, server: GraphServer, registration: Registration) -> None:
        self._server = server
        self._registration = registration
        self._tokens = registration.tokens

    def request(self, request: GraphRequest) -> Answer:
        """The answer, if it is a success."""
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
        raise AssertionError  # the last try has ended in one way or the other

    def json(self, request: GraphRequest) -> dict[str, Any]:
        """The answer's JSON object."""
        answer = self.request(request)
        if answer.cut:
            raise TooLong(not_understood(request.doing, self._server), unknown=True)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Failed(not_understood(request.doing, self._server), unknown=True)
        return found

    def renew(self) -> bool:
        """Whether a token of another age may do more than this one; then the next request has a new one. Raises Failed."""
        token = self._tokens.token()
        if token.age > OLD:
            self._tokens.forget(token)
            return True
        return False

    def close(self) -> None:
        """End the connections, also those of others with this registration."""
        self._registration.close()

    def _refused(self, request: GraphRequest, said: GraphRefusal, answer: Answer) -> Failed:
        # Of these nobody knows whether they were answered before or after the request was carried out.
        unknown = said.status in {408, 500, 502, 503, 504}
        failure = graph_failure(said, request.doing, self._server, request.sender)
        return Failed(failure, refusal=said, unknown=unknown, tls=answer.tls)

    def _may_try_again(self, request: GraphRequest, said: GraphRefusal, token: Token) -> bool:
        """Whether the next try may go better at once, or after a short pause, which is made here."""
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
        """None for a connection that broke off, where the request is made again."""
        url = request.path if request.path.startswith("https://") else f"{self._server.graph_url}/v1.0{request.path}"
        if not url.startswith(f"{self._server.graph_url}/"):  # the token goes nowhere else
            raise Failed(not_understood(request.doing, self._server))
        try:
            with self._registration.places.place(4 * self._server.timeout):
                return read(self._send(request, url, token), request.largest)
        except Full:
            said = GraphRefusal(429, "", "")
            raise Failed(graph_failure(said, request.doing, self._server), refusal=said) from None
        except (requests.RequestException, OSError) as error:
            broken = isinstance(error, requests.ConnectionError) and not isinstance(
                error, requests.Timeout | requests.exceptions.SSLError
            )
            if request.again and broken and not last:
                time.sleep(0.1)
                return None
            failure = of_network(error, url, request.doing, self._server)
            # A connection that was never made has carried nothing.
            unknown = not isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
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
    """One Registration for each that is used, with its credential; the least used of more than KEPT is closed.

    `folder` is for Places.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._registrations: OrderedDict[GraphServer, Registration] = OrderedDict()
        self._places: dict[tuple[str, ...], Places] = {}
        self._paces: dict[tuple[str, ...], Pace] = {}
        self._lock = threading.Lock()

    def app(self, server: GraphServer) -> App:
        """For this mailbox. Raises Failed."""
        key = replace(server, mailbox="")
        with self._lock:
            registration = self._registrations.pop(key, None) or Registration(server, self._places_of(server))
            self._registrations[key] = registration
            dropped = self._registrations.popitem(last=False)[1] if len(self._registrations) > KEPT else None
        if dropped:
            dropped.close()
        return App(server, registration)

    def fresh(self, server: GraphServer) -> App:
        """One with a token of its own, for a test; within the same limits. The caller closes it. Raises Failed."""
        with self._lock:
            places = self._places_of(server)
        return App(server, Registration(server, places))

    def pace(self, server: GraphServer) -> Pace:
        """Of what is sent from this mailbox."""
        with self._lock:
            return self._paces.setdefault(server.identity_key, Pace())

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            registrations, self._registrations = list(self._registrations.values()), OrderedDict()
        for registration in registrations:
            registration.close()

    def _places_of(self, server: GraphServer) -> Places:
        if server.application_key not in self._places:
            self._places[server.application_key] = Places(self._folder, server)
        return self._places[server.application_key]
