# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse a request whose address or headers are larger than any request of the API, before anything is looked up in them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog_mail.api.problems import refusal

LONGEST_PATH = 2000
LONGEST_QUERY = 2000
MOST_PARAMETERS = 20
MOST_HEADERS = 100


class HeadLimit:
    """ASGI middleware: answers 414 to a longer path or query and to more parameters, 431 to more headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refused = _refused(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)


def _refused(scope: Scope) -> Response | None:
    query: bytes = scope["query_string"]
    if len(scope["headers"]) > MOST_HEADERS:
        return refusal(431, "headers-too-large", f"The request has {len(scope['headers'])} headers.",
                       f"Send at most {MOST_HEADERS}.", "header")  # fmt: skip
    if len(scope.get("raw_path") or b"") > LONGEST_PATH:
        return refusal(414, "uri-too-long", f"The path is longer than {LONGEST_PATH} bytes.",
                       "See /api/v1/openapi.json for all addresses.", "path")  # fmt: skip
    if len(query) > LONGEST_QUERY or query.count(b"&") >= MOST_PARAMETERS:
        return refusal(414, "uri-too-long", f"The query is longer than {LONGEST_QUERY} bytes or has too many parameters.",
                       f"Send at most {LONGEST_QUERY} bytes and {MOST_PARAMETERS} parameters.", "query")  # fmt: skip
    return None
