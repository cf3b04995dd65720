# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as RFC 9457 problem details."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from catalog_mail.domain.errors import (
    CatalogMailError,
    Conflict,
    InputRefused,
    ManagedByProvider,
    NotConfigured,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    StorageFailed,
    Unauthenticated,
)
from catalog_mail.domain.failures.failure import MailboxFailed, SendingFailed
from catalog_mail.domain.settings.fields import InvalidValue

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[CatalogMailError], int] = {
    InputRefused: 422,
    ManagedByProvider: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    Unauthenticated: 401,
    NotPermitted: 403,
    NotConfigured: 409,
    SendingFailed: 422,
    MailboxFailed: 422,
}
# The header of an answer 503 (RFC 9110, 10.2.3), for OpenAPI.
RETRY_AFTER = {
    "Retry-After": {"description": "Seconds after which to send the request again.", "schema": {"type": "integer"}}
}
# Longest part of a client's own input that an error quotes.
SHOWN = 200
# Largest number of errors that one answer lists.
MOST_TOLD = 20


class InputError(BaseModel):
    """One error of an input that has several."""

    field: str
    cause: str
    remedy: str


class SmtpAnswer(BaseModel):
    """The mail server's last answer (RFC 5321, 4.2)."""

    code: int
    text: str


class Problem(BaseModel):
    """An error with its cause and remedy (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"description": "RFC 9457 problem details"})

    type: str = Field(description="Kind of the problem: /problems/ and its code.", examples=["/problems/login-refused"])
    title: str = Field(description="The HTTP status phrase.")
    status: int
    detail: str = Field(description="Cause and remedy, in one text.")
    code: str = Field(description="Stable identifier for programs.", examples=["login-refused"])
    cause: str = Field(description="What is wrong.")
    remedy: str = Field(description="What to do to solve the problem.")
    field: str | None = Field(
        default=None, description="The setting or field at fault.", examples=["notifications.smtp.password"]
    )
    errors: list[InputError] | None = Field(default=None, description="All errors of the input.")
    smtp: SmtpAnswer | None = None


@dataclass(frozen=True)
class RefusedBody:
    """A body that is not valid, with its first errors; it takes the place of the body until the caller's role is checked."""

    errors: list[InputError]
    status: int = 422
    code: str = "invalid-input"

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse to be read as a body: the framework reads the fields of a model as attributes, and may leave all of them out."""
        raise AttributeError(name) if name.startswith("_") else LookupError(name)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a handler: a problem for each status, and for those of every handler.

    These are 414 and 431 (the request's line or headers are too large) and 503 (the database fails); with 413 (it takes a body)
    also 400, 408 and 415.
    """
    statuses = (*statuses, 414, 431, 503)
    if 413 in statuses:
        statuses = (400, 408, 415, *statuses)
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted(statuses)
    }
    found[503] |= {"description": "The database or its disk fails; nothing was stored.", "headers": RETRY_AFTER}
    return found


def install(app: FastAPI) -> None:
    """Install handlers that answer every error of the application with a problem."""
    app.add_exception_handler(CatalogMailError, _ours)
    app.add_exception_handler(StorageFailed, _not_stored)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def _problem(status: int, code: str, cause: str, remedy: str, field: str | None = None) -> Problem:
    return Problem(
        type=f"/problems/{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=f"{cause} {remedy}",
        code=code,
        cause=cause,
        remedy=remedy,
        field=field,
    )


def refusal(status: int, code: str, cause: str, remedy: str, field: str | None = None) -> JSONResponse:
    """Return the answer to a request that is refused before it reaches its handler."""
    return _answer(_problem(status, code, cause, remedy, field))


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CatalogMailError)  # noqa: S101  # as registered above
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    problem = _problem(status, error.code, printable(error.cause), error.remedy, error.field and printable(error.field))
    if isinstance(error, SendingFailed) and error.failure.smtp_code is not None:
        problem.smtp = SmtpAnswer(code=error.failure.smtp_code, text=error.failure.smtp_text or "")
    several: Sequence[InputRefused] = getattr(error, "errors", ())
    if several:
        problem.errors = [InputError(field=printable(e.field or ""), cause=printable(e.cause), remedy=e.remedy) for e in several]
    return _answer(problem, {"WWW-Authenticate": "Bearer"} if status == 401 else None)


async def _not_stored(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StorageFailed)  # noqa: S101  # as registered above
    # The route and not the path, which may hold the token of a link.
    log.error("%s %s is answered with 503: %s", request.method, getattr(request.scope.get("route"), "path", "?"), error)
    return storage_answer(error)


def storage_answer(error: StorageFailed) -> JSONResponse:
    """Return the answer 503 with its Retry-After."""
    return _answer(_problem(503, error.code, printable(error.cause), error.remedy), {"Retry-After": str(error.retry_after)})


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # as registered above
    body, found = error.body, error.errors()
    if isinstance(body, RefusedBody):
        found = [one for one in found if one["loc"][0] != "body"]
    else:
        body = RefusedBody([])
    errors = [*body.errors, *(input_error(one) for one in found)][:MOST_TOLD]
    problem = _problem(body.status, body.code, errors[0].cause, errors[0].remedy, errors[0].field)
    problem.errors = errors
    return _answer(problem)


def input_error(error: Mapping[str, Any]) -> InputError:
    """Return an error of pydantic in our words."""
    # The first part of `loc` is body, query, path or header; for a body the field's own path is enough.
    place = [str(part) for part in error["loc"]]
    field = ".".join(place[1:] if place[0] == "body" else place) or "body"
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, InvalidValue):
        return InputError(field=printable(field), cause=printable(raised.cause), remedy=raised.remedy)
    message = str(error["msg"]).removeprefix("Value error, ")
    return InputError(
        field=printable(field),
        cause=printable(message[:1].upper() + message[1:]) + ".",
        remedy="Mend this field and send it again.",
    )


def _allowed(request: Request) -> str | None:
    """Return the methods that this address accepts (RFC 9110, 10.2.1); the framework knows those of its first handler alone."""
    for path, operations in request.app.openapi()["paths"].items():
        if compile_path(path)[0].match(request.url.path):
            return ", ".join(sorted(method.upper() for method in operations))
    return None


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # as registered above
    words = {
        400: ("bad-request", "The body cannot be read.", "Send a JSON document as application/json, in UTF-8."),
        404: ("not-found", "There is nothing at this address.", "See /api/v1/openapi.json for all addresses."),
        405: ("method-not-allowed", "This address does not take this method.", "See /api/v1/openapi.json for its methods."),
    }
    refused: InputError | None = getattr(error, "error", None)  # of a body (api.bodies)
    if refused:
        problem = _problem(error.status_code, error.code, refused.cause, refused.remedy, refused.field)  # type: ignore[attr-defined]  # has one
        return _answer(problem, error.headers)
    phrase = HTTPStatus(error.status_code).phrase
    code, cause, remedy = words.get(
        error.status_code, (phrase.lower().replace(" ", "-"), f"{phrase}.", "Mend the request and send it again.")
    )
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "GET")
    return _answer(_problem(error.status_code, code, cause, remedy), headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The log has the traceback; values of the request, which may be secrets, stay out of the answer.
    log.error("unexpected failure in %s %s", request.method, request.url.path, exc_info=error)
    return _answer(
        _problem(500, "internal", "The service failed unexpectedly.", "Read its log: journalctl -u catalog-mail.")
    )


def printable(text: str) -> str:
    """Return a client's input as valid UTF-8 of bounded length, safe to repeat."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= 4 * SHOWN else text[: 4 * SHOWN] + "..."
