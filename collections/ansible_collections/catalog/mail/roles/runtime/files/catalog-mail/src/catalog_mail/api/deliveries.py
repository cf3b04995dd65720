# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of the log of outgoing mail: list, look up, try again, cancel. No answer has the text of a mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from catalog_mail.api.bodies import Body, BodyRoute
from catalog_mail.api.context import Services, services
from catalog_mail.api.fields import PathId
from catalog_mail.api.notifications import RecipientAnswer
from catalog_mail.api.pages import cursor, page_request
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.notifications.mail_log import CauseCode, Entry, Selection
from catalog_mail.domain.notifications.notification import Kind, State
from catalog_mail.ports.pages import PageRequest

router = APIRouter(tags=["deliveries"], route_class=BodyRoute)

# An address, or @ and a name that no user has.
RECIPIENT_PATTERN = r"^[!-~]{0,254}@[!-~]{1,254}$"

_Services = Annotated[Services, Depends(services)]
_Reader = Annotated[Principal, Depends(require(Role.VIEWER))]
_Administrator = Annotated[Principal, Depends(require(Role.SERVER_ADMIN))]


class LoggedDelivery(BaseModel):
    """The mail to one recipient, as the log shows it."""

    id: str
    notification_id: str
    kind: Kind
    recipient: RecipientAnswer
    subject: str | None = Field(description="Null before the mail is rendered.")
    state: State
    reason: str | None = Field(description="Code of the last failure, or one word for why the mail was suppressed.")
    cause: str | None = Field(description="Why the mail is not sent, or not yet.")
    remedy: str | None = Field(description="What helps.")
    server_response: str | None = Field(description="The mail server's last words about this mail.")
    attempts: int = Field(description="Number of tries.")
    accepted_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None = Field(description="When the mail was sent, given up or suppressed.")
    message_id: str | None = Field(description="Message-ID of the mail; null before the mail is rendered.")


class DeliveriesAnswer(BaseModel):
    """A page of the log, the mail that was accepted last first."""

    items: list[LoggedDelivery]
    next: str | None = Field(description="The `cursor` of the next page; null when there is none.")


class RetryBody(Body):
    """The reason whose mails are tried again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[CauseCode, Field(strict=False, description="The `reason` of the mails to try again.")]


class RetriedAnswer(BaseModel):
    """The result of trying all mails with a reason again."""

    retried: int = Field(description="Number of mails that are tried again.")
    refused: int = Field(description="Number of mails that stay as they are, since they would be suppressed again.")


def _selection(
    state: State | None = None,
    kind: Kind | None = None,
    recipient: Annotated[
        str | None, Query(pattern=RECIPIENT_PATTERN, description="The whole address; or @ and a name that no user has.")
    ] = None,
    reason: Annotated[CauseCode | None, Query(description="Code of a failure, or reason of a suppression.")] = None,
) -> Selection:
    return Selection(state, kind, recipient, reason.value if reason else None)


@router.get("/deliveries", response_model=DeliveriesAnswer, responses=documented(401, 403, 422))
def deliveries(
    services: _Services,
    _principal: _Reader,
    selection: Annotated[Selection, Depends(_selection)],
    wanted: Annotated[PageRequest, Depends(page_request)],
) -> DeliveriesAnswer:
    """List outgoing mail, also what was suppressed; the mail that was accepted last is first.

    `since` and `until` limit the time at which a mail was accepted.
    """
    page = services.mail_log.page(selection, wanted)
    return DeliveriesAnswer(items=[logged(entry) for entry in page.items], next=cursor(page.following))


@router.post("/deliveries/retry", response_model=RetriedAnswer, responses=documented(401, 403, 413, 422))
def retry_all(services: _Services, principal: _Administrator, body: RetryBody) -> RetriedAnswer:
    """Try all mails with one reason again at once: those that failed, that wait for their next attempt, or were suppressed."""
    done = services.mail_log.retry_all(body.reason.value, principal)
    return RetriedAnswer(retried=done.retried, refused=done.refused)


@router.get("/deliveries/retry", include_in_schema=False)
def not_readable() -> None:
    """Refuse the method: without this, `retry` would be taken for the id of a mail."""
    raise HTTPException(405, headers={"Allow": "POST"})


@router.get("/deliveries/{delivery_id}", response_model=LoggedDelivery, responses=documented(401, 403, 404, 422))
def delivery(services: _Services, _principal: _Reader, delivery_id: PathId) -> LoggedDelivery:
    """Return one mail of the log."""
    return logged(services.mail_log.entry(delivery_id))


@router.post("/deliveries/{delivery_id}/retry", response_model=LoggedDelivery, responses=documented(401, 403, 404, 409, 422))
def retry(services: _Services, principal: _Administrator, delivery_id: PathId) -> LoggedDelivery:
    """Try a mail again at once. Answers 409 for a mail that was sent, is on its way, or would be suppressed again."""
    return logged(services.mail_log.retry(delivery_id, principal))


@router.post("/deliveries/{delivery_id}/cancel", response_model=LoggedDelivery, responses=documented(401, 403, 404, 409, 422))
def cancel(services: _Services, principal: _Administrator, delivery_id: PathId) -> LoggedDelivery:
    """Cancel a mail that is not sent yet. Answers 409 for a mail that was sent, is being sent, or has failed. Idempotent."""
    return logged(services.mail_log.cancel(delivery_id, principal))


def logged(entry: Entry) -> LoggedDelivery:
    """Return a mail of the log as the API shows it."""
    found, why = entry.delivery, entry.explanation
    return LoggedDelivery(
        id=found.id,
        notification_id=found.notification_id,
        kind=entry.kind,
        recipient=RecipientAnswer(address=found.recipient.address or None, display_name=found.recipient.display_name),
        subject=found.subject,
        state=found.state,
        reason=entry.cause,
        cause=why.cause if why else None,
        remedy=why.remedy if why else None,
        server_response=entry.server_response,
        attempts=found.attempts,
        accepted_at=entry.accepted_at,
        next_attempt_at=found.next_attempt_at,
        sent_at=found.sent_at,
        ended_at=entry.ended_at,
        message_id=found.message_id,
    )
