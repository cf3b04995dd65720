# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The token with which a workload proves its identity to Entra: given, from a file, or from GitHub Actions. An edge.

Kubernetes and other systems replace the file before its token expires, so the file is read for each login. GitHub issues a token
for each request (GitHub: "OpenID Connect reference").
"""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping
from urllib.parse import urlencode, urlsplit

from .._core.errors import InputRefused, LoginRefused
from .._core.loopback import is_loopback
from .deadline import Deadline
from .http_session import asked_to_wait, session
from .libraries import library
from .login import GITHUB, Login

AUDIENCES = {"china": "api://AzureADTokenExchangeChina", "us_gov": "api://AzureADTokenExchangeUSGov",
             "us_gov_dod": "api://AzureADTokenExchangeUSGov"}
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


def workload_token(login: Login, deadline: Deadline, hide: Callable[[object], str]) -> str:
    """Return the workload's token. Raises InputRefused and LoginRefused."""
    if login.federated_token:
        return _whole("login.federated_token", login.federated_token)
    if login.federated_token_file:
        return _whole("login.federated_token_file", _content(login.federated_token_file))
    return _from_github(login, deadline, hide)


def _whole(field: str, text: str) -> str:
    """Return a token without the line break at its end. Raises InputRefused when the text is not a token."""
    token = text.strip()
    if token.count(".") != 2 or any(letter.isspace() for letter in token):
        raise InputRefused(
            field, "it holds no token (three parts with a full stop between them)",
            "Give the token that the pipeline or the cluster issues for this workload, such as GitLab's id_tokens")
    return token


def _content(file: str) -> str:
    try:
        with open(file, encoding="ascii") as opened:
            return opened.read(65536)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "it holds other characters than a token"
        raise InputRefused(
            "login.federated_token_file", f"{file} cannot be read: {reason}",
            "Name the file that the workload's system writes (AZURE_FEDERATED_TOKEN_FILE), readable for the task's user") from exc


def _from_github(login: Login, deadline: Deadline, hide: Callable[[object], str]) -> str:
    """Ask GitHub for a token with the audience that Entra expects. Raises LoginRefused."""
    address, bearer = (os.environ.get(name, "") for name in GITHUB)
    parts = urlsplit(address)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise LoginRefused(
            f"{GITHUB[0]} is not an https address.", "Run the task in a job of GitHub Actions.", field="login.method")
    url = f"{address}{'&' if parts.query else '?'}{urlencode({'audience': audience_of(login)})}"
    exceptions = library("requests").exceptions
    for pause in (*PAUSES, None):
        web = session(None)
        try:
            answer = web.request("GET", url, headers={"Authorization": f"bearer {bearer}"}, allow_redirects=False)
        except exceptions.RequestException as exc:
            words, passing = hide(exc).replace(bearer, "(removed)"), True
        else:
            token = _value(answer)
            if token:
                return _whole("login", token)
            words, passing = f"it answered {answer.status_code}", answer.status_code == 429 or answer.status_code >= 500
        if not passing or pause is None or not deadline.wait(asked_to_wait(web, pause)):
            break
    raise LoginRefused(
        f"GitHub Actions gives no token for this job ({words}).",
        "Give the job the permission id-token: write; the address of the request is valid during that job only.", field="login")


def audience_of(login: Login) -> str:
    """Return the audience that Entra recommends in a cloud (Entra: "Workload identity federation")."""
    return AUDIENCES.get(login.cloud, "api://AzureADTokenExchange")


def _value(answer: Any) -> str:
    try:
        found = answer.json()
    except ValueError:
        return ""
    return str(found.get("value") or "") if answer.status_code == 200 and isinstance(found, Mapping) else ""
