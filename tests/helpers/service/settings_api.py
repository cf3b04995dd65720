# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Call the API of the e-mail settings, and a mail server that records the passwords that it receives."""

from __future__ import annotations

import copy
from typing import Any

import requests
from aiosmtpd.smtp import AuthResult, LoginPassword

from helpers.service.process import RunningService, through

PATH = "/settings/email-server"
PASSWORD = "notifications.smtp.password"
HUNTER2 = "hunter2-p\u00e4ss \u2603"
PROBLEM = "application/problem+json"


class Guard:
    """Accepts logins with this password and records every password it receives."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.offered: list[str] = []

    def __call__(self, _server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword) -> AuthResult:
        self.offered.append(data.password.decode())
        return AuthResult(success=self.offered[-1] == self.password, handled=False)


def logged_in(port: int, **smtp: Any) -> dict[str, Any]:
    """Return settings that log in to a server on the loopback."""
    document = through(port)
    document["notifications"]["smtp"] |= {"username": "app", "password": HUNTER2, **smtp}
    return document


def without_password(document: dict[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(document)
    del result["notifications"]["smtp"]["password"]
    return result


def put(service: RunningService, document: dict[str, Any], **options: Any) -> requests.Response:
    """Call Test and Save."""
    return service.call("PUT", PATH, {"settings": document}, **options)


def revision(service: RunningService) -> int:
    """Return how often the settings were saved."""
    return int(service.call("GET", PATH).headers["ETag"].strip('"'))


def problem(answer: requests.Response, status: int, field: str | None = None) -> dict[str, Any]:
    """Return the problem in a response, which has a cause and a remedy."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), answer.text
    body: dict[str, Any] = answer.json()
    assert body["cause"].endswith(".")
    assert body["remedy"].endswith(".")
    assert body["detail"] == f"{body['cause']} {body['remedy']}"
    assert body.get("field") == field, body
    return body


def audited(service: RunningService) -> list[dict[str, Any]]:
    """Return the audit log's entries about the settings, oldest first."""
    entries = service.call("GET", "/audit?limit=500").json()["entries"]
    return [entry for entry in reversed(entries) if entry["action"].startswith("email_settings")]
