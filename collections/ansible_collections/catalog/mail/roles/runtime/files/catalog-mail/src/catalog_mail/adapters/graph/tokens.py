# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens of one app registration, by msal: cached while valid, and requested anew after a failure."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msal
import requests

from catalog_mail.adapters.graph.certificate import Unusable, parts
from catalog_mail.adapters.graph.failing import Failed, of_network
from catalog_mail.adapters.graph.web import CONNECT_SECONDS
from catalog_mail.domain.failures import entra as entra_failures
from catalog_mail.domain.failures.graph import GraphRefusal, Operation, graph_failure
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.mime.dates import parsed_date
from catalog_mail.domain.settings.servers import GraphServer

logging.getLogger("msal").setLevel(logging.WARNING)

_DOING = "asking Microsoft Entra for a token"


@dataclass(frozen=True)
class Token:
    """An access token. `since` is the monotonic time at which this process received it."""

    text: str = field(repr=False)
    since: float

    @property
    def age(self) -> float:
        """The age in seconds."""
        return time.monotonic() - self.since


class Tokens:
    """Access tokens of one app registration. Thread-safe.

    msal caches an answer of 400 for a minute, and a token keeps the permissions that it was issued with: so after each failure,
    and whenever a token was refused, msal's client is created anew.
    """

    def __init__(self, server: GraphServer, session: requests.Session) -> None:
        self._server = server
        self._http = _Http(session, server.timeout)
        self._lock = threading.Lock()
        self._app: Any = None
        self._token: Token | None = None

    def token(self) -> Token:
        """Return a token that is valid for some minutes at least. Raises Failed."""
        with self._lock:
            try:
                answer = self._acquire()
            except BaseException:
                self._app = None
                raise
            if "access_token" not in answer:
                self._app = None
                raise self._refused(answer)
            text = str(answer["access_token"])
            if self._token is None or self._token.text != text:
                self._token = Token(text, time.monotonic())
            return self._token

    @property
    def told_time(self) -> datetime | None:
        """Return the time that Entra named in its last answer (RFC 9110, 6.6.1); None without one."""
        last = self._http.last
        return parsed_date(last.headers.get("Date") or "") if last is not None else None

    def forget(self, token: Token) -> None:
        """Discard this token, unless that has happened already."""
        with self._lock:
            if self._token is token:
                self._app, self._token = None, None

    def _acquire(self) -> dict[str, Any]:
        self._http.last = None
        url = self._server.authority_url
        try:
            if self._app is None:
                self._app = self._make_app()
            answer = self._app.acquire_token_for_client(scopes=[f"{self._server.graph_url}/.default"])
        except msal.exceptions.MsalError as error:  # raised for 5xx
            raise self._unavailable() from error
        except (requests.RequestException, OSError) as error:
            raise Failed(of_network(error, url, _DOING, self._server)) from error
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise self._not_understood() from error
        return answer if isinstance(answer, dict) else {}

    def _make_app(self) -> Any:
        server = self._server
        credential: Any = server.client_secret or ""
        if server.certificate:
            try:
                credential = parts(server.certificate)
            except Unusable as error:
                raise Failed(entra_failures.certificate_unusable(str(error), server)) from error
        return msal.ConfidentialClientApplication(
            server.client_id,
            client_credential=credential,
            authority=f"{server.authority_url}/{server.tenant_id}",
            # The authority is configured; discovery would ask a fixed server about each authority that msal does not know.
            instance_discovery=False,
            http_client=self._http,
        )

    def _refused(self, answer: dict[str, Any]) -> Failed:
        last = self._http.last
        if last is not None and last.status_code == 429:
            return self._unavailable()
        return Failed(entra_failures.token_failure(entra_failures.refusal(answer), self._server))

    def _not_understood(self) -> Failed:
        """Return the failure of a first answer, about the tenant, that is no success or not JSON."""
        last = self._http.last
        try:
            document = json.loads(last.text) if last is not None else None
        except (ValueError, RecursionError):
            document = None
        if last is not None and last.status_code == 429:
            return self._unavailable()
        if isinstance(document, dict) and "error" in document:
            return Failed(entra_failures.token_failure(entra_failures.refusal(document), self._server))
        return Failed(entra_failures.not_entra(self._server))

    def _unavailable(self) -> Failed:
        last = self._http.last
        status = last.status_code if last is not None else 503
        wait = retry_after_seconds(last.headers.get("Retry-After"), datetime.now(UTC)) if last is not None else None
        said = GraphRefusal(status if status == 429 else 503, "", "", wait)
        return Failed(graph_failure(said, Operation.OPEN, self._server), refusal=said)


class _Http:
    """HTTP client of msal: adds a timeout, and keeps the last answer, which msal does not return."""

    def __init__(self, session: requests.Session, timeout: float) -> None:
        self._session = session
        self._timeout = (min(CONNECT_SECONDS, timeout), timeout)
        self.last: requests.Response | None = None

    def get(self, url: str, **options: Any) -> requests.Response:
        """Make a GET request, as requests does."""
        self.last = self._session.get(url, **self._with_limits(options))
        return self.last

    def post(self, url: str, **options: Any) -> requests.Response:
        """Make a POST request, as requests does."""
        self.last = self._session.post(url, **self._with_limits(options))
        return self.last

    def close(self) -> None:
        """Do nothing: the session belongs to the registration."""

    def _with_limits(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "timeout": self._timeout, "allow_redirects": False}
