# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for monitoring, load balancers and roles: the health of the service. None needs a token or raises an error."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

import catalog_mail
from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import RETRY_AFTER, documented, storage_answer
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.health import Reason, Report, Status

router = APIRouter(tags=["operations"])

_Services = Annotated[Services, Depends(services)]
# Seconds until another attempt makes sense when the cause names no time.
_RETRY_AFTER = 30


class ReasonAnswer(BaseModel):
    """A reason why the status is not ok."""

    about: str = Field(description="The part concerned: storage, queue, settings, sending, replies, credentials, disk or drift.")
    code: str = Field(description="Stable identifier for programs.", examples=["login-refused"])
    cause: str = Field(description="What is wrong, with a server's own words if there are any.")
    remedy: str = Field(description="What to do to solve the problem.")
    field: str | None = Field(description="The setting to check.", examples=["notifications.smtp.password"])
    count: int | None = Field(description="The number of messages or hosts concerned.")


class HealthAnswer(BaseModel):
    """The health of the service."""

    status: Status = Field(
        description="ok; degraded: notifications are accepted, but something needs an administrator (see reasons); "
        "failing: nothing can be accepted, or nothing is sent whatever the mail server does."
    )
    live: bool = Field(description="True: it answers.")
    ready: bool = Field(description="Whether a notification would be accepted now: the database stores changes.")
    configured: bool = Field(description="Whether the e-mail settings are complete enough to send; false while failing.")
    last_good_poll_age_seconds: float | None = Field(
        description="Seconds since the last successful poll of the mailbox of replies; null without one, or with replies off."
    )
    version: str
    reasons: list[ReasonAnswer] = Field(description="Why the status is not ok; empty when it is.")
    problems: list[str] = Field(description="The same reasons as sentences, each with its remedy.")


class LiveAnswer(BaseModel):
    """The process answers."""

    live: Literal[True]


class ReadyAnswer(BaseModel):
    """A notification would be accepted now."""

    ready: Literal[True]


@router.get(
    "/health",
    response_model=HealthAnswer,
    responses={503: {"model": HealthAnswer, "description": "The status is failing.", "headers": RETRY_AFTER}},
)
async def health(services: _Services) -> Response:
    """Return the health: ok and degraded with status 200, failing with 503. Needs no token.

    Storage is tested by a small change, unless one was stored within the last two seconds.
    """
    found = await services.health.report()
    # A response of our own: the framework would validate the model a second time.
    response = Response(_answer(found).model_dump_json(), media_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if found.status is Status.FAILING:
        response.status_code = 503
        response.headers["Retry-After"] = str(found.retry_after or _RETRY_AFTER)
    return response


@router.get("/health/live", response_model=LiveAnswer)
async def live() -> LiveAnswer:
    """Answer as long as the process can. Needs no token."""
    return LiveAnswer(live=True)


@router.get("/health/ready", response_model=ReadyAnswer, responses=documented())
async def ready(services: _Services) -> Response | ReadyAnswer:
    """Return whether a notification would be accepted now: 503 only when nothing can be stored. Needs no token."""
    found = await services.health.report()
    if found.ready:
        return ReadyAnswer(ready=True)
    first = found.reasons[0]
    retry_after = found.retry_after or _RETRY_AFTER
    return storage_answer(StorageFailed(first.cause, first.remedy, code=first.code, retry_after=retry_after))


def _answer(found: Report) -> HealthAnswer:
    return HealthAnswer(
        status=found.status,
        live=True,
        ready=found.ready,
        configured=found.configured,
        last_good_poll_age_seconds=found.last_good_poll_age,
        version=catalog_mail.__version__,
        reasons=[_reason(reason) for reason in found.reasons],
        problems=[reason.sentence for reason in found.reasons],
    )


def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        about=reason.about.value,
        code=reason.code,
        cause=reason.cause,
        remedy=reason.remedy,
        field=reason.field,
        count=reason.count,
    )
