# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for operators: the audit log, and the token in use."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import principal, require
from catalog_mail.domain.catalog.people import Principal, Role

router = APIRouter(tags=["operations"], responses=documented())


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


class TokenAnswer(BaseModel):
    """The owner of a token. `email` is the default recipient of test messages."""

    name: str
    role: Role
    email: str | None


@router.get("/token", response_model=TokenAnswer, responses=documented(401, 403))
def token(who: Annotated[Principal, Depends(principal)]) -> TokenAnswer:
    """Return name, role and e-mail address of the token that the request carries."""
    return TokenAnswer(name=who.name, role=who.role, email=who.email)


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
