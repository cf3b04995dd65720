# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint that gives a machine in Azure tokens of its managed identity, as on App Service and Azure Arc.

App Service, Functions and Automation: IDENTITY_ENDPOINT and IDENTITY_HEADER (REST endpoint reference of "managed identities for
App Service"). Azure Arc: IDENTITY_ENDPOINT and IMDS_ENDPOINT; it answers 401 first and names a file whose content proves that
the client is on the machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HEADER = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"


class IdentityEndpoint:
    """Context manager that listens. `asked` holds the queries; `failing` the statuses of the next responses."""

    def __init__(self, token: Callable[[], str], client_id: str, key_file: str = "") -> None:
        """`token` returns a token; `client_id` is the only identity's. With a `key_file` the endpoint is that of Azure Arc."""
        self.asked: list[dict[str, str]] = []
        self.failing: list[int] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = endpoint._answer(dict(parse_qsl(urlsplit(self.path).query)), self.headers)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *_words: object) -> None:
                """Write no log."""

        self._token, self._client_id, self._key_file = token, client_id, key_file
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables of such a machine."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        if self._key_file:
            return {"IDENTITY_ENDPOINT": f"{url}/metadata/identity/oauth2/token", "IMDS_ENDPOINT": url}
        return {"IDENTITY_ENDPOINT": f"{url}/msi/token", "IDENTITY_HEADER": HEADER}

    def _answer(self, query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], Any]:
        self.asked.append(query)
        if self.failing:
            return self.failing.pop(0), {}, b"<html>The service is starting.</html>"
        if self._key_file:
            return 401, {"WWW-Authenticate": f"Basic realm={self._key_file}"}, {}
        if headers.get("X-IDENTITY-HEADER") != HEADER or query.get("api-version") != "2019-08-01" or not query.get("resource"):
            return 400, {}, {"statusCode": 400, "message": "The request is not one of this endpoint."}
        if query.get("client_id") not in (None, self._client_id):
            return 400, {}, {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found for specified "
                             "ClientId/ResourceId/PrincipalId."}
        return 200, {}, {
            "access_token": self._token(), "expires_on": str(int(time.time()) + 3600), "resource": query["resource"],
            "token_type": "Bearer", "client_id": self._client_id}

    def __enter__(self) -> IdentityEndpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
