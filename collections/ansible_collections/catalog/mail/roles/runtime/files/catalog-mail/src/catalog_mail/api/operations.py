# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for operators: health, the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

import catalog_mail
from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role

router = APIRouter(tags=["operations"])


class HealthAnswer(BaseModel):
    """Whether the service is alive and ready."""

    live: bool = Field(description="True: it answers.")
    ready: bool = Field(description="Whether a notification accepted now is processed.")
    configured: bool = Field(description="Whether the e-mail settings are complete enough to send.")
    last_good_poll_age_seconds: float | None = Field(
        description="Seconds since the last successful poll of the mailbox of replies; null without one, or with replies off."
    )
    version: str
    problems: list[str] = Field(description="Reasons why the service is not ready.")


@router.get(
    "/health",
    response_model=HealthAnswer,
    responses={503: {"model": HealthAnswer, "description": "Alive, but not ready."}},
)
def health(services: Annotated[Services, Depends(services)], response: Response) -> HealthAnswer:
    """Return whether the service is alive and ready. Needs no token."""
    found = services.health.readiness()
    response.status_code = 200 if found.ready else 503
    return HealthAnswer(
        live=True,
        ready=found.ready,
        configured=found.ready and services.health.configured(),
        last_good_poll_age_seconds=_poll_age(services) if found.ready else None,
        version=catalog_mail.__version__,
        problems=list(found.problems),
    )


def _poll_age(services: Services) -> float | None:
    state = services.replies.look()
    if not state.enabled or state.last_good_poll is None:
        return None
    return max(0.0, (services.clock.now() - state.last_good_poll).total_seconds())


class AuditItem(BaseModel):
    """An entry of the audit log: actor, action, time and outcome."""

    id: int
    at: datetime
    actor: str = Field(description="The name of the token.")
    action: str
    outcome: str
    detail: dict[str, Any]


class AuditAnswer(BaseModel):
    """A page of the audit log, newest first."""

    entries: list[AuditItem]


@router.get("/audit", response_model=AuditAnswer, responses=documented(401, 403, 422))
def audit(
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.SERVER_ADMIN))],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Return entries before the one with this id.")] = None,
) -> AuditAnswer:
    """List every change of the settings and every refused attempt, newest first. For server admins."""
    entries = services.audit.entries(limit=limit, before=before)
    return AuditAnswer(
        entries=[
            AuditItem(id=e.id or 0, at=e.at, actor=e.actor, action=e.action, outcome=e.outcome, detail=dict(e.detail))
            for e in entries
        ]
    )
