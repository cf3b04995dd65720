# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Get tokens of a managed identity with msal, from the endpoint of a machine in Azure. An edge.

The endpoint is a local address with plain HTTP (169.254.169.254, or the address that App Service and Azure Arc set in the
environment), so proxies are ignored. msal caches an answer that asks to wait, so each attempt creates a new client.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, Tuple

from .._core.errors import LoginRefused
from .deadline import Deadline
from .http_session import asked_to_wait, session, was_sent
from .libraries import library
from .login import Login

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts. Azure's page on the metadata service asks for retries; some answer 500 for a wrong resource."""

PASSING = (404, 410, 429)
"""Temporary statuses, besides 500 and above: the service is starting, or limits the rate of requests."""

_ELSEWHERE = (
    "Run the task on a machine in Azure that has one, as a user who may ask for it (on Azure Arc: one of the group himds), or "
    "choose another login.method.")


def managed_token(login: Login, deadline: Deadline, hide: Callable[[object], str]) -> Mapping[str, Any]:
    """Return the answer with a token for Graph. Raises LoginRefused with the reason."""
    for pause in (*PAUSES, None):
        web = session(login.ca_file, proxies=False)
        found, words, passing = _asked(login, web)
        if found:
            return found
        if not passing or pause is None or not deadline.wait(asked_to_wait(web, pause)):
            break
    raise _refused(login, hide(words), answered=web.last is not None)


def _asked(login: Login, web: Any) -> Tuple[Optional[Mapping[str, Any]], str, bool]:
    """Make one attempt: return the answer with a token, or the reason without one and whether the failure is temporary."""
    msal, requests = library("msal"), library("requests")
    identity = (
        msal.UserAssignedManagedIdentity(client_id=login.client_id) if login.client_id else msal.SystemAssignedManagedIdentity())
    try:
        client = msal.ManagedIdentityClient(identity, http_client=web)
        found = client.acquire_token_for_client(resource=login.endpoints.graph_url)
    except requests.exceptions.RequestException as exc:
        return None, str(exc), was_sent(exc)
    except (OSError, ValueError) as exc:
        # Not JSON, an error of msal itself, or a key of Azure Arc that this user may not read.
        answered = f"after an answer {web.last.status_code}: " if web.last is not None else ""
        return None, f"{answered}{exc}", _passes(web.last)
    if found.get("access_token"):
        return found, "", False
    return None, str(found.get("error_description") or found.get("error") or "without a reason"), _passes(web.last)


def _passes(response: Any) -> bool:
    return response is not None and (response.status_code in PASSING or response.status_code >= 500)


def _refused(login: Login, words: str, answered: bool) -> LoginRefused:
    told = words.strip().rstrip(".")
    if not answered:
        return LoginRefused(f"The managed identity of this machine did not answer ({told}).", _ELSEWHERE, field="login.method")
    if login.client_id:
        return LoginRefused(
            f"This machine gives no token for the managed identity {login.client_id} ({told}).",
            "Assign that identity to the machine, or correct client_id (also AZURE_CLIENT_ID in the environment); without it the "
            "machine's own identity is used.", field="login.client_id")
    return LoginRefused(f"The managed identity of this machine gives no token ({told}).", _ELSEWHERE, field="login.method")
