# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for operators: metrics and the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.settings.expiry import expiries

router = APIRouter(tags=["operations"], responses=documented())


class _Gauges(Collector):
    """Gauges whose values are read from the database at each scrape."""

    def __init__(self, services: Services) -> None:
        self._health = services.health
        self._replies = services.replies.look()
        self._now = services.clock.now()
        self._expiries = list(expiries(services.settings.read().document))

    def collect(self) -> Any:
        deliveries = GaugeMetricFamily(
            "catalog_mail_deliveries", "Messages of notifications by the state of their delivery.", labels=["state"]
        )
        for state, count in self._health.deliveries().items():
            deliveries.add_metric([state.value], count)
        yield deliveries
        yield GaugeMetricFamily(
            "catalog_mail_oldest_open_seconds",
            "Age of the oldest message that is not yet sent, failed or suppressed.",
            value=self._health.oldest_open_seconds(),
        )
        yield GaugeMetricFamily(
            "catalog_mail_configured",
            "1 if the e-mail settings are complete enough to send.",
            value=float(self._health.configured()),
        )
        yield self._of_credentials()
        yield from self._of_replies()

    def _of_credentials(self) -> Metric:
        until = GaugeMetricFamily(
            "catalog_mail_credential_expires_timestamp_seconds",
            "Expiry of the Microsoft credential in use, as a Unix time, if known.",
            labels=["use", "credential"],
        )
        for found in self._expiries:
            until.add_metric([found.use, found.credential], found.at.timestamp())
        return until

    def _of_replies(self) -> Iterator[Metric]:
        state = self._replies
        outcomes = CounterMetricFamily(
            "catalog_mail_reply_outcomes", "Messages of the mailbox by disposition and reason.",
            labels=["outcome", "reason"],
        )  # fmt: skip
        for (disposition, reason), count in state.outcomes.items():
            outcomes.add_metric([disposition.value, reason], count)
        outcomes.add_metric(["retried", ""], state.retried)
        yield outcomes
        gauges = {
            "last_good_poll_age_seconds": ("Seconds since the last successful poll.", self._age(state.last_good_poll)),
            "oldest_unread_seconds": ("Age of the oldest unread message; 0 without one.", self._age(state.oldest_unread)),
            "backlog": ("Unread messages in the mailbox.", float(state.backlog)),
            "taken_by_others": ("Messages that another program has marked as read.", float(state.taken_by_others)),
            "misplaced": ("Replies of the last week in other folders.", float(sum(state.misplaced.values()))),
            "enabled": ("1 if replies by e-mail are switched on.", float(state.enabled)),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"catalog_mail_reply_{name}", text, value=value)

    def _age(self, moment: datetime | None) -> float:
        return max(0.0, (self._now - moment).total_seconds()) if moment else 0.0


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(services: Annotated[Services, Depends(services)]) -> Response:
    """Return Prometheus metrics: deliveries by state, replies by outcome, ages, expiry of credentials. Needs no token."""
    registry = CollectorRegistry()
    registry.register(_Gauges(services))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


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
