# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for the messages of the mailbox of replies: what became of each, why, and what helps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.fields import Address, PathId
from catalog_mail.api.pages import cursor, page_request
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.replies.log_texts import account
from catalog_mail.domain.replies.logged import LoggedMessage, LogOutcome
from catalog_mail.ports.message_log import MessageFilter
from catalog_mail.ports.pages import PageRequest

router = APIRouter(tags=["replies"])


class MessageAnswer(BaseModel):
    """A message of the mailbox of replies. Its text is not stored."""

    id: str
    outcome: LogOutcome = Field(
        description="posted; ignored (no person wrote it); rejected; quarantined (put aside, since it could not be read); left "
        "(unread for another installation); waiting (tried again by itself); gone (removed, or read by another program)."
    )
    reason: str | None = Field(description="One word for the reason, such as bounce, no_intent or catalog_failed.")
    cause: str = Field(description="Why the message has its outcome.")
    remedy: str | None = Field(description="What helps; null when nothing needs to be done.")
    detail: str | None = Field(description="What the cause does not tell, such as the catalog's answer.")
    sender: str | None = Field(description="Null when the message has no sender, or several.")
    subject: str | None
    message_id: str | None = Field(description="The Message-ID that the message has.")
    received_at: datetime | None = Field(description="The mail server's time of arrival.")
    at: datetime = Field(description="The time of the outcome.")
    mailbox: str
    delivery_id: str | None = Field(description="The delivery that the message answers, if that is known.")
    retry_requested_at: datetime | None = Field(description="The time of a request to try it again that is not done yet.")


class MessagesAnswer(BaseModel):
    """A page of messages, the latest outcomes first."""

    items: list[MessageAnswer]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


@router.get("/replies/messages", response_model=MessagesAnswer, responses=documented(401, 403, 422))
def messages(
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.VIEWER))],
    page: Annotated[PageRequest, Depends(page_request)],
    outcome: Annotated[LogOutcome | None, Query(description="Return messages with this outcome.")] = None,
    sender: Annotated[Address | None, Query(description="Return messages of this sender.")] = None,
) -> MessagesAnswer:
    """List the messages of the mailbox of replies that the service has read, the latest outcomes first."""
    found = services.reply_messages.page(page, MessageFilter(outcome, sender.lower() if sender else None))
    return MessagesAnswer(items=[answer(message) for message in found.items], next=cursor(found.following))


@router.get("/replies/messages/{message_id}", response_model=MessageAnswer, responses=documented(401, 403, 404, 422))
def message(
    message_id: PathId,
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.VIEWER))],
) -> MessageAnswer:
    """Return one message of the mailbox of replies, with what became of it, why, and what helps."""
    return answer(services.reply_messages.message(message_id))


@router.post(
    "/replies/messages/{message_id}/retry",
    status_code=202,
    response_model=MessageAnswer,
    responses=documented(401, 403, 404, 409, 422),
)
def retry(
    message_id: PathId,
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.SERVER_ADMIN))],
) -> MessageAnswer:
    """Have a message read again where it lies and decided by today's rules, within seconds; it is never posted twice.

    Refused for a message that is posted, or that lies neither in the mailbox nor in its archive. For server admins.
    """
    return answer(services.reply_messages.retry(message_id))


def answer(message: LoggedMessage) -> MessageAnswer:
    """Return a message as the API shows it."""
    why, head = account(message), message.head
    return MessageAnswer(
        id=message.id,
        outcome=message.outcome,
        reason=message.reason or None,
        cause=why.cause,
        remedy=why.remedy or None,
        detail=message.detail,
        sender=head.sender,
        subject=head.subject,
        message_id=head.message_id,
        received_at=head.received_at,
        at=message.at,
        mailbox=message.place.mailbox,
        delivery_id=message.delivery_id,
        retry_requested_at=message.retry_at,
    )
