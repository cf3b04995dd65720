# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that accept and return notifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from catalog_mail.api.batch_route import BatchRoute, CheckedCall
from catalog_mail.api.bodies import Body, BodyLimits
from catalog_mail.api.context import Services, services
from catalog_mail.api.fields import Address, DisplayName, Key, MailHtml, MailText, PathId, Subject, Thread
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime import addresses
from catalog_mail.domain.notifications.data import LONGEST_TEXT, LONGEST_TITLE, NAMES_RECIPIENTS, schema
from catalog_mail.domain.notifications.notification import REQUESTABLE, Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.request import LONGEST_HTML, LONGEST_NAME, MOST_RECIPIENTS, NotificationRequest
from catalog_mail.services.notifications import Submission


class NotificationRoute(BatchRoute):
    """Accepts the notifications that arrive at the same time together."""

    role = Role.CATALOG

    @staticmethod
    def answer_all(services: Services, calls: list[CheckedCall]) -> list[Response | Exception]:
        """Return the answers 202, and the errors of the notifications that are not accepted."""
        requests = [_request_or_error(call) for call in calls]
        submissions = [request for request in requests if isinstance(request, Submission)]
        outcomes = iter(services.notifications.accept_all(submissions) if submissions else [])
        results = [request if isinstance(request, Exception) else next(outcomes) for request in requests]
        return [
            result if isinstance(result, Exception) else _response(call.path, *result)
            for call, result in zip(calls, results, strict=True)
        ]


router = APIRouter(tags=["notifications"], route_class=NotificationRoute)

# A message has the longest texts: subject, text and html, and its recipients with addresses and names.
_CHARACTERS = LONGEST_TITLE + LONGEST_TEXT + LONGEST_HTML + MOST_RECIPIENTS * (addresses.LONGEST + LONGEST_NAME + 10)
# Each recipient is an object with two fields.
_VALUES = 3 * MOST_RECIPIENTS + 200


class RecipientBody(BaseModel):
    """A recipient of a mail."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: Address
    display_name: DisplayName = ""


def _requestable(kind: Kind) -> Kind:
    if kind not in REQUESTABLE:
        raise ValueError("is a kind that only the service itself sends; choose another")
    return kind


class NotificationBody(Body):
    """A notification to send.

    Each kind has its own data. The kind decides the recipients: the subscribers of the event, the user who requested the
    download, the query's owner, all active users with `server_admin`, the mentioned users, the assignee. `recipients` replace
    them. A `message` always names its recipients and has `subject` and `text` in place of `data`; its `html` is sent unchanged
    as the HTML part, which is made from the text when `html` is missing.
    """

    limits = BodyLimits.for_texts(_CHARACTERS, values=_VALUES)
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Annotated[Kind, Field(strict=False), AfterValidator(_requestable)]
    data: dict[str, Any] | None = None
    recipients: Annotated[list[RecipientBody], Field(min_length=1, max_length=MOST_RECIPIENTS)] | None = None
    # Only `message` has these three; the domain refuses them for other kinds with a sentence.
    subject: Subject | None = None
    text: MailText | None = None
    html: MailHtml | None = None
    thread: Thread | None = None
    idempotency_key: Key | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return one schema for each kind, with exactly its fields."""
        whole = handler.resolve_ref_schema(handler(core))
        common = {name: whole["properties"][name] for name in ("recipients", "thread", "idempotency_key")}
        own = {name: whole["properties"][name] for name in ("subject", "text", "html")}
        alternatives = [alternative for kind in Kind if kind in REQUESTABLE for alternative in _alternatives(kind, common, own)]
        return {"title": "NotificationBody", "description": whole["description"], "anyOf": alternatives}


def _alternatives(kind: Kind, common: dict[str, Any], own: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the variants of this kind: with `recipients`, and, when its data can name recipients, without."""
    recipients = common["recipients"]["anyOf"][0]
    if kind is Kind.MESSAGE:
        texts = {"subject": own["subject"]["anyOf"][0], "text": own["text"]["anyOf"][0], "html": own["html"]}
        return [_form(kind, {**common, **texts, "recipients": recipients}, ["subject", "text", "recipients"])]
    data = schema(kind)
    naming = NAMES_RECIPIENTS.get(kind)  # null or left out, the field names no recipient
    if naming is None:
        return [_form(kind, {**common, "data": data}, ["data"])]
    return [
        _form(kind, {**common, "data": schema(kind, naming), "recipients": {"type": "null"}}, ["data"]),
        _form(kind, {**common, "data": data, "recipients": recipients}, ["data", "recipients"]),
    ]


def _form(kind: Kind, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "title": kind.value,
        "type": "object",
        "additionalProperties": False,
        "properties": {"kind": {"type": "string", "const": kind.value}, **properties},
        "required": ["kind", *required],
    }


class FailureAnswer(BaseModel):
    """The reason why the last try failed."""

    code: str
    cause: str
    remedy: str


class RecipientAnswer(BaseModel):
    """A recipient of a mail."""

    address: str | None = Field(description="Null for a name that no user has: `display_name` is that name.")
    display_name: str


class DeliveryAnswer(BaseModel):
    """The mail to one recipient."""

    id: str
    recipient: RecipientAnswer
    state: State
    attempts: int = Field(description="Number of tries.")
    message_id: str | None = Field(description="Message-ID of the mail; null before the mail is rendered.")
    response: str | None = Field(description="The mail server's answer when it accepted the mail.")
    failure: FailureAnswer | None = Field(description="Reason of a permanent failure, or of the next retry.")
    reason: str | None = Field(
        description="Reason of a suppressed delivery: switched_off, unsubscribed, inactive, unknown_name or cancelled."
    )
    next_attempt_at: datetime | None
    sent_at: datetime | None


class NotificationAnswer(BaseModel):
    """A notification, with one delivery for each recipient."""

    id: str
    kind: Kind
    created_at: datetime
    deliveries: list[DeliveryAnswer]


@router.post(
    "/notifications",
    status_code=202,
    response_model=NotificationAnswer,
    responses={
        202: {"headers": {"Location": {"description": "URL of the notification.", "schema": {"type": "string"}}}},
        **documented(401, 403, 404, 409, 413, 422),
    },
)
def notify(
    services: Annotated[Services, Depends(services)],
    principal: Annotated[Principal, Depends(require(Role.CATALOG))],
    body: NotificationBody,
    request: Request,
    response: Response,
) -> NotificationAnswer:
    """Accept a notification. It is stored before the answer and sent in the background; GET returns the result.

    Recipients who opted out of the kind or are inactive get no mail. While notifications are switched off, only users who
    wait for a download get mail. The other deliveries are `suppressed`, with the reason. Naming a user who does not exist is
    answered with 404.
    """
    notification, deliveries = services.notifications.accept(_request(body), principal.name)
    response.headers["Location"] = request.app.url_path_for("notification", notification_id=notification.id)
    return _answer(notification, deliveries)


@router.get(
    "/notifications/{notification_id}", response_model=NotificationAnswer, responses=documented(401, 403, 404, 422)
)
def notification(
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.CATALOG, Role.VIEWER))],
    notification_id: PathId,
) -> NotificationAnswer:
    """Return a notification with the state of each delivery."""
    return _answer(*services.notifications.look_up(notification_id))


def _request_or_error(call: CheckedCall) -> Submission | InputRefused:
    assert isinstance(call.body, NotificationBody)  # noqa: S101  # the model of the route
    try:
        return Submission(_request(call.body), call.principal.name)
    except InputRefused as error:
        return error


def _response(path: str, notification: Notification, deliveries: Sequence[Delivery]) -> Response:
    content = _answer(notification, deliveries).model_dump_json()
    response = Response(content, 202, media_type="application/json")
    response.headers["Location"] = f"{path}/{notification.id}"  # much cheaper than url_path_for
    return response


def _request(body: NotificationBody) -> NotificationRequest:
    if body.kind is not Kind.MESSAGE and body.data is None:
        raise InputRefused("data", "It is missing.", f"Give the data of the kind {body.kind}; the API's description lists it.")
    recipients = None
    if body.recipients is not None:
        recipients = tuple(Recipient(recipient.address, recipient.display_name) for recipient in body.recipients)
    return NotificationRequest(
        kind=body.kind,
        data=body.data or {},
        recipients=recipients,
        subject=body.subject,
        text=body.text,
        html=body.html,
        thread=body.thread,
        idempotency_key=body.idempotency_key,
    )


def _answer(notification: Notification, deliveries: Sequence[Delivery]) -> NotificationAnswer:
    return NotificationAnswer(
        id=notification.id,
        kind=notification.kind,
        created_at=notification.created_at,
        deliveries=[_delivery(delivery) for delivery in deliveries],
    )


def _delivery(delivery: Delivery) -> DeliveryAnswer:
    failure = delivery.failure
    return DeliveryAnswer(
        id=delivery.id,
        recipient=RecipientAnswer(address=delivery.recipient.address or None, display_name=delivery.recipient.display_name),
        state=delivery.state,
        attempts=delivery.attempts,
        message_id=delivery.message_id,
        response=delivery.response,
        failure=FailureAnswer(code=failure.code.value, cause=failure.cause, remedy=failure.remedy) if failure else None,
        reason=delivery.reason,
        next_attempt_at=delivery.next_attempt_at,
        sent_at=delivery.sent_at,
    )
