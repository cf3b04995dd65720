# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and check request bodies: each as large as its operation needs, for known callers, and beside the event loop.

The route class `BodyRoute` does so for every operation with a body; the body's model names the limits.
"""

from __future__ import annotations

import asyncio
import email.message
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from catalog_mail.api import json_text, security
from catalog_mail.api.problems import MOST_TOLD, InputError, RefusedBody, input_error

# JSON may write a character in six bytes (\u4e2d); UTF-8 needs four at most.
BYTES_OF_A_CHARACTER = 6
# Few threads, and none of those that the handlers run in: other requests never wait behind bodies.
_JUDGES = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")


@dataclass(frozen=True)
class BodyLimits:
    """The largest body of an operation: bytes, and values (fields, items of lists, lists and objects)."""

    size: int
    values: int = 100

    @classmethod
    def for_texts(cls, characters: int, *, values: int = 100) -> BodyLimits:
        """Return limits for texts of this many characters in all, with room for names and blanks."""
        return cls(characters * BYTES_OF_A_CHARACTER + 16 * 1024, values)


class Body(BaseModel):
    """The model of a request body."""

    limits: ClassVar[BodyLimits] = BodyLimits(16 * 1024)


class BodyRefused(HTTPException):
    """The body is refused before all of it is read. The rest is not read, so the connection is closed."""

    def __init__(self, status: int, code: str, cause: str, remedy: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, headers={"Connection": "close", **(headers or {})})
        self.code = code
        self.error = InputError(field="body", cause=cause, remedy=remedy)


class BodyRoute(APIRoute):
    """A route that knows the caller before it reads the body, and hands the framework a body that is already checked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler, with a request of our own for an operation with a body."""
        inner = super().get_route_handler()
        if self.body_field is None:
            return inner
        model = self.model

        async def handle(request: Request) -> Response:
            await security.authenticate(request)
            return await inner(request if isinstance(request, CheckedRequest) else CheckedRequest(request, model))

        return handle

    @property
    def model(self) -> type[Body]:
        """The model of the operation's body."""
        assert self.body_field  # noqa: S101  # asked for operations with a body only
        model = self.body_field.field_info.annotation
        assert isinstance(model, type), self.path  # noqa: S101  # every body is one model
        assert issubclass(model, Body), self.path  # noqa: S101  # every model of a body names its limits
        return model


class CheckedRequest(Request):
    """A request whose body is read up to its limit, once, and parsed and validated in a thread."""

    def __init__(self, request: Request, model: type[Body]) -> None:
        super().__init__(request.scope, request.receive)
        self._model = model
        self._read: bytes | None = None

    async def body(self) -> bytes:
        """Return the body. Raises BodyRefused when it is of another type or too large."""
        if self._read is None:
            declared = self.headers.get("content-length", "")
            if declared != "0" and (declared or "transfer-encoding" in self.headers):
                _check_type(self.headers.get("content-type"), self.headers.get("content-encoding"))
            self._check_size(self.declared_size())
            read = bytearray()
            async for part in self.stream():
                read += part
                self._check_size(len(read))
            self._read = bytes(read)
        return self._read

    def declared_size(self) -> int:
        """Return the size that the request declares for its body; 0 when it declares none."""
        declared = self.headers.get("content-length", "")
        return int(declared) if declared.isascii() and declared.isdigit() else 0

    async def json(self) -> Any:
        """Return the body as an instance of its model; or RefusedBody, so that the caller's role is checked first."""
        return await asyncio.get_running_loop().run_in_executor(_JUDGES, judge, await self.body(), self._model)

    def _check_size(self, size: int) -> None:
        largest = self._model.limits.size
        if size > largest:
            raise BodyRefused(
                413, "content-too-large", f"The body is larger than {largest} bytes, the limit of this address.",
                f"Send at most {largest} bytes at once.",
            )  # fmt: skip


def _check_type(media_type: str | None, encoding: str | None) -> None:
    if encoding and encoding.strip().lower() != "identity":
        raise BodyRefused(
            415, "unsupported-media-type", f"The body has the Content-Encoding {encoding[:100]}.",
            "Send it as it is, without compression.", {"Accept-Encoding": "identity"},
        )  # fmt: skip
    message = email.message.Message()
    message["content-type"] = media_type or ""
    main, sub = message.get_content_maintype(), message.get_content_subtype()
    if not media_type or main != "application" or not (sub == "json" or sub.endswith("+json")):
        given = f"the Content-Type {media_type[:100]}" if media_type else "no Content-Type"
        raise BodyRefused(415, "unsupported-media-type", f"The body has {given}.", "Send JSON as Content-Type: application/json.")


def judge(body: bytes, model: type[Body]) -> Body | RefusedBody:
    """Parse and validate a body. Returns the first errors of one that is not valid."""
    try:
        document = json_text.parse(body.decode("utf-8-sig"), model.limits.values)
        return model.model_validate(document)
    except UnicodeDecodeError as error:
        cause = f"The body is not UTF-8: byte {error.start} does not belong there."
        return RefusedBody([InputError(field="body", cause=cause, remedy="Send JSON in UTF-8.")], 400, "bad-request")
    except json_text.Refused as refused:
        return RefusedBody([InputError(field=refused.field, cause=refused.cause, remedy=refused.remedy)])
    except ValidationError as error:
        # As many as the limit of values allows; few of them are told.
        found = error.errors(include_url=False, include_input=False)[:MOST_TOLD]
        return RefusedBody([input_error({**one, "loc": ("body", *one["loc"])}) for one in found])
