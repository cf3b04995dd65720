# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers and errors in Graph's shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ODATA = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass
class Answer:
    """The answer to a request. If `lost`, the connection is closed in its place, after the request took effect."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Refusal(Exception):
    """Graph refuses: status, code and text as Graph has them."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, details: Any = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, details
        self.headers = dict(headers or {})


def entity(context: str, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """One thing, or a page of things, under its @odata.context."""
    document = {"@odata.context": context, **body}
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": ODATA, **(headers or {})})


def plain(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON that is not OData: logins and the control."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, content, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def nothing(status: int = 204) -> Answer:
    return Answer(status)


def not_found(key: str) -> Refusal:
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def denied() -> Refusal:
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def bad_request(message: str, code: str = "Request_BadRequest") -> Refusal:
    return Refusal(400, code, message)
