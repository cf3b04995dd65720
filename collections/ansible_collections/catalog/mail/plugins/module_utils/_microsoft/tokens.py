# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Get tokens from Entra with msal. An edge.

By default msal queries Microsoft for an unknown authority, and has no timeout; both are set here. It caches an answer of
status 400 for a minute, so each attempt creates a new application object.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from .._core.errors import InputRefused, LoginRefused
from .._core.redaction import Secrets
from .certificates import identity_of
from .deadline import Deadline
from .http_session import asked_to_wait, session
from .libraries import library
from .login import Login
from .managed_identity import managed_token
from .proxy import ProxyFailure, proxy_failure
from .token_cache import TokenCache
from .token_errors import refusal
from .workload_identity import workload_token

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


class Token(NamedTuple):
    """An access token, and whether it is from the cache."""

    text: str
    cached: bool


class Tokens:
    """Get the tokens of one login."""

    def __init__(self, login: Login, deadline: Deadline, run_command: Callable[..., Any]) -> None:
        """``run_command`` is the module's method, for Azure CLI."""
        self._login, self._deadline, self._run_command = login, deadline, run_command
        self._hide = Secrets(login.secrets).words
        self._credential: Any = None
        self._cache: Optional[TokenCache] = None
        if login.method == "client_secret":
            self._credential = login.client_secret
            self._cache = TokenCache(login.identity, str(login.client_secret).encode())
        elif login.method == "certificate":
            identity = identity_of(str(login.certificate_file), login.certificate_password)
            self._credential = {"private_key": identity.private_key, "public_certificate": identity.certificate}
            self._cache = TokenCache(login.identity, identity.private_key.encode())

    def get(self, fresh: bool = False) -> Token:
        """Return a token; ``fresh`` requests a new one, since a token keeps the permissions of the time of its issue."""
        if self._cache and fresh:
            self._cache.forget()
        kept = self._cache.read() if self._cache else None
        if kept:
            return Token(kept, True)
        found = self._ask()
        if self._cache:
            self._cache.write(found["access_token"], float(found.get("expires_in") or 0))
        return Token(found["access_token"], False)

    def _ask(self) -> Mapping[str, Any]:
        ways: Dict[str, Callable[[], Mapping[str, Any]]] = {
            "client_secret": self._confidential, "certificate": self._confidential, "workload_identity": self._workload,
            "managed_identity": self._managed,
            "azure_cli": self._azure_cli, "token": lambda: {"access_token": self._login.access_token},
        }
        return ways[self._login.method]()

    def _confidential(self) -> Mapping[str, Any]:
        login = self._login
        client = Client(
            login.endpoints.authority_url, str(login.tenant_id), str(login.client_id), self._credential,
            f"{login.endpoints.graph_url}/.default", login.ca_file)
        return client_token(client, self._deadline, self._hide)

    def _workload(self) -> Mapping[str, Any]:
        """Exchange the workload's own token, which no cache keeps, for one of Graph."""
        assertion = workload_token(self._login, self._deadline, self._hide)
        self._credential = {"client_assertion": assertion}
        self._hide = Secrets([*self._login.secrets, (None, assertion)]).words
        return self._confidential()

    def _managed(self) -> Mapping[str, Any]:
        return managed_token(self._login, self._deadline, self._hide)

    def _azure_cli(self) -> Mapping[str, Any]:
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", self._login.endpoints.graph_url]
        if self._login.tenant_id:
            command += ["--tenant", self._login.tenant_id]
        try:
            status, out, err = self._run_command(command, handle_exceptions=False)
        except OSError as exc:
            raise InputRefused(
                "login.method", "azure_cli needs the command az, which is not on this host",
                "Install Azure CLI, or choose another method") from exc
        try:
            token = json.loads(out)["accessToken"] if status == 0 else None
        except (ValueError, KeyError, TypeError):
            token = None
        if not token:
            raise LoginRefused(
                f"Azure CLI gives no token ({self._hide(err) or f'it ended with {status}'}).",
                "Log in as the user of this task: az login, with --tenant where there are several.", field="login.method")
        return {"access_token": token}


class Client(NamedTuple):
    """An application with its authority, its tenant and its credential in msal's form."""

    authority: str
    tenant: str
    client_id: str
    credential: Any
    scope: str
    ca_file: Optional[str]


def client_token(client: Client, deadline: Deadline, hide: Callable[[object], str]) -> Mapping[str, Any]:
    """Return the answer with a token for the client. Raises LoginRefused for a permanent refusal, or at the deadline."""
    requests, msal, authority = library("requests"), library("msal"), client.authority
    for pause in (*PAUSES, *[PAUSES[-1]] * 1000):
        web = session(client.ca_file)
        try:
            application = msal.ConfidentialClientApplication(
                client.client_id, client_credential=client.credential, authority=f"{authority}/{client.tenant}",
                instance_discovery=False, http_client=web)
            found = application.acquire_token_for_client(scopes=[client.scope])
        except requests.exceptions.SSLError as exc:
            raise _unreached(authority, hide(exc), "Give the authority that signed its certificate as login.ca_file.") from exc
        except requests.exceptions.RequestException as exc:
            by_proxy = proxy_failure(exc, authority)
            if (by_proxy and by_proxy.final) or not deadline.wait(asked_to_wait(web, pause)):
                advice = "Check the address, the proxy and the firewall, or give more timeout."
                raise _failed_proxy(by_proxy) if by_proxy else _unreached(authority, hide(exc), advice) from exc
            continue
        except (ValueError, msal.exceptions.MsalError) as exc:
            found = _body(web.last) or {"error": "invalid_authority", "error_description": hide(exc)}
        if "access_token" in found or not _temporary(web.last) or not deadline.wait(asked_to_wait(web, pause)):
            return _token_or_refusal(found, hide)
    raise AssertionError("the deadline never came")


def _token_or_refusal(found: Mapping[str, Any], hide: Callable[[object], str]) -> Mapping[str, Any]:
    if found.get("access_token"):
        return found
    told = refusal(found)
    failure = LoginRefused(hide(told.cause), told.remedy, field=told.field, code=told.code)
    failure.lag = told.lag
    raise failure


def _failed_proxy(failure: ProxyFailure) -> LoginRefused:
    return LoginRefused(f"No token could be got. {failure.cause}", failure.remedy, field="login")


def _unreached(authority: str, words: str, remedy: str) -> LoginRefused:
    return LoginRefused(f"{authority} could not be reached for a token ({words}).", remedy, field="login.authority_url")


def _temporary(response: Any) -> bool:
    return response is not None and (response.status_code == 429 or response.status_code >= 500)


def _body(response: Any) -> Optional[Dict[str, Any]]:
    try:
        found = response.json() if response is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "error" in found else None
