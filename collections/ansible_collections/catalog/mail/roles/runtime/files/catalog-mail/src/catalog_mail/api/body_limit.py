# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse a body larger than the API accepts, before all of it is read into memory."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 2 * 1024 * 1024


class BodyLimit:
    """ASGI middleware: answers 413 to a larger body, with or without a Content-Length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST:
                # Raised while the body is read, the exception becomes the answer (see api.problems).
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
