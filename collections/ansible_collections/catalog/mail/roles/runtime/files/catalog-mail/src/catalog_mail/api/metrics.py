# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint for metrics of sending and of replies, in Prometheus' text format.

A value that is not known is left out and never shown as 0. docs/monitoring.md of the collection describes each metric.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from catalog_mail.api.context import Services, services
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.notifications.notification import State as DeliveryState
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.replies.reply import NotPosted, Reason
from catalog_mail.domain.settings.expiry import Expiry, expiries
from catalog_mail.services.reply_state import State

router = APIRouter(tags=["operations"])
log = logging.getLogger(__name__)

# All outcomes begin at 0: Prometheus' increase() overlooks the first event of a counter that begins with it.
_NO_OUTCOMES = {(Disposition.POSTED, ""): 0} | {(NotPosted(reason).disposition, reason.value): 0 for reason in Reason}


@dataclass(frozen=True)
class _Stored:
    """The content of the database that the metrics show."""

    deliveries: Mapping[DeliveryState, int]
    oldest_open_seconds: float
    configured: bool
    expiries: tuple[Expiry, ...]
    replies: State


def _read(services: Services) -> _Stored | None:
    """Return the content of the database; None when it fails."""
    try:
        return _Stored(
            deliveries=services.health.deliveries(),
            oldest_open_seconds=services.health.oldest_open_seconds(),
            configured=services.health.configured(),
            expiries=tuple(expiries(services.settings.read().document)),
            replies=services.replies.look(),
        )
    except StorageFailed as error:
        log.warning("the metrics are incomplete: %s", error)
        return None


class _Metrics(Collector):
    """The metrics of one scrape."""

    def __init__(self, stored: _Stored | None, now: datetime) -> None:
        self._stored = stored
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "catalog_mail_storage_ok",
            "1 if the database answers; with 0 all other metrics are missing.",
            value=float(self._stored is not None),
        )
        if self._stored is not None:
            yield from _of_sending(self._stored)
            yield _of_outcomes(self._stored.replies)
            for name, (text, value) in self._of_replies(self._stored.replies).items():
                if value is not None:
                    yield GaugeMetricFamily(f"catalog_mail_reply_{name}", text, value=float(value))

    def _of_replies(self, state: State) -> dict[str, tuple[str, float | None]]:
        """Return description and value of each gauge of replies; None when the value is not known."""
        seen = state.latest if state.enabled else None
        # Without a date of the oldest one its age is not known, but without an unread message it is 0.
        oldest = seen.oldest_unread if seen and seen.backlog else self._now
        return {
            "enabled": ("1 if replies by e-mail are switched on.", state.enabled),
            "last_good_poll_age_seconds": (
                "Seconds since the last successful poll; +Inf before the first.",
                (self._age(seen.last_good_poll) if seen else math.inf) if state.enabled else None,
            ),
            "oldest_unread_seconds": ("Age of the oldest unread message; 0 without one.", self._age(oldest) if seen else None),
            "backlog": ("Unread messages in the mailbox.", seen.backlog if seen else None),
            "taken_by_others": ("Messages that another program has marked as read.", seen.taken_by_others if seen else None),
            "foreign_intents": (
                "Messages left unread because no key of this installation signed their intent.",
                seen.foreign_intents if seen else None,
            ),
            "misplaced": ("Replies of the last week in other folders.", sum(seen.misplaced.values()) if seen else None),
        }

    def _age(self, moment: datetime | None) -> float | None:
        return max(0.0, (self._now - moment).total_seconds()) if moment else None


def _of_sending(stored: _Stored) -> Iterator[Metric]:
    deliveries = GaugeMetricFamily(
        "catalog_mail_deliveries", "Messages of notifications by the state of their delivery.", labels=["state"]
    )
    for state, count in stored.deliveries.items():
        deliveries.add_metric([state.value], count)
    yield deliveries
    yield GaugeMetricFamily(
        "catalog_mail_oldest_open_seconds",
        "Age of the oldest message that is not yet sent, failed or suppressed; 0 without one.",
        value=stored.oldest_open_seconds,
    )
    yield GaugeMetricFamily(
        "catalog_mail_configured",
        "1 if the e-mail settings are complete enough to send.",
        value=float(stored.configured),
    )
    until = GaugeMetricFamily(
        "catalog_mail_credential_expires_timestamp_seconds",
        "Expiry of the Microsoft credential in use, as a Unix time, if known.",
        labels=["use", "credential"],
    )
    for found in stored.expiries:
        until.add_metric([found.use, found.credential], found.at.timestamp())
    yield until


def _of_outcomes(state: State) -> Metric:
    outcomes = CounterMetricFamily(
        "catalog_mail_reply_outcomes", "Messages of the mailbox by disposition and reason.", labels=["outcome", "reason"]
    )
    for (disposition, reason), count in (_NO_OUTCOMES | dict(state.outcomes)).items():
        outcomes.add_metric([disposition.value, reason], count)
    outcomes.add_metric(["retried", ""], state.retried)
    return outcomes


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(services: Annotated[Services, Depends(services)]) -> Response:
    """Return Prometheus metrics: deliveries by state, replies by outcome, ages, expiry of credentials. Needs no token."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(_read(services), services.clock.now()))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
