# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send requests to the emulator's Graph and check the shape of its errors."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from emulator.running import Running
from requests import Response


class AsApplication:
    """Graph client with an application's token: ask(method, path, body)."""

    def __init__(self, entra: Running, application: dict[str, Any]) -> None:
        self.application = application
        self._entra, self._token = entra, entra.token(application)

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Response:
        return self._entra.graph(self._token, method, path, body, **options)


def create(ask: Callable[..., Response], unique_name: str, body: Any = None) -> Response:
    """Create an application, as the modules do: by its unique name. The body names it, unless one is given."""
    path = f"/v1.0/applications(uniqueName='{unique_name}')"
    given = {"displayName": unique_name} if body is None else body
    return ask("PATCH", path, given, headers={"Prefer": "create-if-missing"})


def mail(
    to: str, subject: str = "Hello", *, sender: str = "someone@elsewhere.test", more: str = "", body: str = "Hello"
) -> bytes:
    """Compose a small text message; `more` are header lines."""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()


def send(ask: Callable[..., Response], mailbox: str, raw: bytes) -> Response:
    """Send MIME by sendMail."""
    return ask(
        "POST", f"/v1.0/users/{mailbox}/sendMail", data=base64.b64encode(raw), headers={"Content-Type": "text/plain"}
    )


def error(answer: Response) -> tuple[int, str, str]:
    """Return status, code and message of a Graph error; check its shape."""
    assert answer.headers["Content-Type"] == "application/json", answer.text
    found = answer.json()["error"]
    assert set(found) <= {"code", "message", "innerError", "details"}
    inner = found["innerError"]
    assert set(inner) == {"date", "request-id", "client-request-id"}
    assert len(inner["date"]) == 19, "no zone"
    assert inner["request-id"] == answer.headers["request-id"]
    return answer.status_code, found["code"], found["message"]
