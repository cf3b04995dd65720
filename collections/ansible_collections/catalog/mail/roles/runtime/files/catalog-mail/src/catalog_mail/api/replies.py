# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint for the state of receiving replies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.ports.reply_workers import WorkerReport
from catalog_mail.services.reply_state import State, TrackingState

router = APIRouter(tags=["replies"])


class TrackingAnswer(BaseModel):
    """The way in which replies are recognised."""

    configured: str = Field(description="The configured value: subaddress, message_id or auto.")
    in_use: str = Field(description="subaddress or message_id.")
    probe: str | None = Field(description="With auto, the result of the sub-address test: pending, subaddress or message_id.")


class ErrorAnswer(BaseModel):
    """The reason why the mailbox cannot be read or replies cannot be posted."""

    code: str
    cause: str
    remedy: str
    field: str | None
    since: datetime | None


class WorkerAnswer(BaseModel):
    """A process that reads the mailbox."""

    name: str
    version: str
    state: str = Field(description="working, waiting, failed or disabled.")
    last_good_poll: datetime | None
    age_seconds: float | None = Field(description="Seconds since the last successful poll.")
    backlog: int = Field(description="Unread messages.")
    oldest_unread: datetime | None
    taken_by_others: int = Field(description="Messages that another program or installation has marked as read.")
    foreign_intents: int = Field(
        description="Messages left unread because no key of this installation signed their intent: at most 100, for a day."
    )
    foreign_since: datetime | None = Field(description="When the first of them was seen.")
    misplaced: dict[str, int] = Field(description="Replies of the last week in other folders of the mailbox, by folder.")
    error: ErrorAnswer | None
    beat_at: datetime | None


class OutcomesAnswer(BaseModel):
    """Numbers of handled messages by outcome, and by reason for those that were not posted."""

    posted: int
    ignored: dict[str, int]
    rejected: dict[str, int]
    quarantined: dict[str, int]
    retried: int


class RepliesAnswer(BaseModel):
    """The state of receiving replies."""

    enabled: bool
    receiver: str = Field(description="imap or microsoft.")
    intent_tracking: TrackingAnswer | None
    workers: list[WorkerAnswer]
    outcomes: OutcomesAnswer
    problems: list[str] = Field(description="Problems with their remedies, one or more sentences each.")


@router.get("/replies/sync", response_model=RepliesAnswer, responses=documented(401, 403))
def sync(
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.VIEWER))],
) -> RepliesAnswer:
    """Return the state of the mailbox readers, the way replies are recognised, the outcomes, and current problems."""
    state = services.replies.look()
    now = services.clock.now()
    return RepliesAnswer(
        enabled=state.enabled,
        receiver=state.receiver.value,
        intent_tracking=_tracking(state.tracking),
        workers=[_worker(worker, now) for worker in state.workers],
        outcomes=_outcomes(state),
        problems=[found.sentence for found in state.problems],
    )


def _tracking(tracking: TrackingState | None) -> TrackingAnswer | None:
    if tracking is None:
        return None
    probe = None
    if tracking.probe:
        probe = {None: "pending", True: "subaddress", False: "message_id"}[tracking.probe.found]
    return TrackingAnswer(configured=tracking.configured.value, in_use=tracking.in_use.value, probe=probe)


def _worker(worker: WorkerReport, now: datetime) -> WorkerAnswer:
    error = worker.error
    last = worker.last_good_poll
    return WorkerAnswer(
        name=worker.name,
        version=worker.version,
        state=worker.state,
        last_good_poll=last,
        age_seconds=round(max(0.0, (now - last).total_seconds()), 3) if last else None,
        backlog=worker.backlog,
        oldest_unread=worker.oldest_unread,
        taken_by_others=worker.taken_by_others,
        foreign_intents=worker.foreign_intents,
        foreign_since=worker.foreign_since,
        misplaced=dict(worker.misplaced),
        error=ErrorAnswer(
            code=error.code.value, cause=error.cause, remedy=error.remedy, field=error.field, since=worker.error_since
        )
        if error
        else None,
        beat_at=worker.beat_at,
    )


def _outcomes(state: State) -> OutcomesAnswer:
    def reasons(disposition: Disposition) -> dict[str, int]:
        return {reason: count for (end, reason), count in sorted(state.outcomes.items()) if end is disposition}

    return OutcomesAnswer(
        posted=_posted(state.outcomes),
        ignored=reasons(Disposition.IGNORED),
        rejected=reasons(Disposition.REJECTED),
        quarantined=reasons(Disposition.QUARANTINED),
        retried=state.retried,
    )


def _posted(outcomes: Mapping[tuple[Disposition, str], int]) -> int:
    """Return the number of posted replies, without further copies of the same reply."""
    return outcomes.get((Disposition.POSTED, ""), 0)
