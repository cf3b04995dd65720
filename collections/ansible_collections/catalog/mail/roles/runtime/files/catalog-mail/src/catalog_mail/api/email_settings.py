# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of the e-mail settings; PUT is Test and Save."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from catalog_mail.api import security
from catalog_mail.api.bodies import Body, BodyLimits, BodyRoute
from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.document import Document, Interactions, Notifications
from catalog_mail.services.email_settings import View
from catalog_mail.services.settings_editor import EmailTestOptions, EmailTestResult

router = APIRouter(prefix="/settings/email-server", tags=["settings"], route_class=BodyRoute)

Reader = Annotated[Principal, Depends(require(Role.VIEWER))]


def _administrator(
    who: Annotated[Principal, Depends(security.principal)], services: Annotated[Services, Depends(services)]
) -> Principal:
    """Return the caller, a server admin. Records an attempt by any other caller and raises NotPermitted."""
    if who.role is not Role.SERVER_ADMIN:
        services.settings_editor.refuse(who)
    return who


Administrator = Annotated[Principal, Depends(_administrator)]


class _DescribedAs:
    """A type described by a model, but checked by the use case, which records refused input."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._model.__pydantic_core_schema__)


Settings = Annotated[dict[str, Any], _DescribedAs(Document)]


class SettingsBody(Body):
    """A request body with settings: unknown fields are refused."""

    # Six secrets of 10,000 characters, and some forty short values.
    limits = BodyLimits(128 * 1024, values=1000)
    model_config = ConfigDict(extra="forbid")


class TestRequest(SettingsBody):
    """Recipient of the test message; by default the e-mail address of the token's owner."""

    recipient: Annotated[str, Field(max_length=254)] | None = None


class SaveRequest(SettingsBody):
    """The complete settings. `test: false` saves them without a test message."""

    settings: Settings
    test: TestRequest | Literal[False] | None = None


class PlanRequest(SettingsBody):
    """The complete settings."""

    settings: Settings


class TrialRequest(SettingsBody):
    """Settings to test instead of those in force, and the recipient of the test message."""

    settings: Settings | None = None
    recipient: Annotated[str, Field(max_length=254)] | None = None


class SettingsAnswer(BaseModel):
    """The settings in force. In the cloud edition `notifications` holds only the switch."""

    deployment: str
    notifications: Annotated[dict[str, Any], _DescribedAs(Notifications)]
    interactions: Annotated[dict[str, Any], _DescribedAs(Interactions)]
    changed_at: datetime | None
    changed_by: str | None


class ChangeItem(BaseModel):
    """A changed value; a secret is shown only as `present` or `absent`, and `changed` or `removed`."""

    path: str = Field(examples=["notifications.smtp.host"])
    before: Any
    after: Any


class TestAnswer(BaseModel):
    """The mail server's answer when it accepted the test message."""

    recipient: str
    message_id: str
    server: str
    response: str
    tls: str | None
    authenticated: str | None
    seconds: float


class MailboxAnswer(BaseModel):
    """Result of opening the mailbox of replies.

    `tls` is protocol and cipher, null without TLS. `keywords`: the server stores the service's keywords. `idle`: the server
    reports new mail by itself.
    """

    server: str
    tls: str | None
    messages: int
    unread: int
    keywords: bool
    idle: bool
    archive_exists: bool
    seconds: float


class SaveAnswer(BaseModel):
    """The settings now in force, the changes, and the results of the tests.

    `advice` are sentences about settings that work and can lose replies.
    """

    settings: SettingsAnswer
    changes: list[ChangeItem]
    test: TestAnswer | None
    tested_mailbox: MailboxAnswer | None
    advice: list[str]


class PlanAnswer(BaseModel):
    """The changes that saving would make."""

    changes: list[ChangeItem]


class TrialAnswer(BaseModel):
    """The results of the test."""

    test: TestAnswer


_ETAG = {"ETag": {"description": "The revision of the settings, for If-Match.", "schema": {"type": "string"}}}


@router.get("", response_model=SettingsAnswer, responses={200: {"headers": _ETAG}, **documented(401, 403)})
def read_settings(
    services: Annotated[Services, Depends(services)], _principal: Reader, response: Response
) -> SettingsAnswer:
    """Return the settings in force. A secret is never returned, only whether it is present and when it was changed."""
    view = services.settings.read()
    response.headers["ETag"] = _etag(view.revision)
    return _settings(view)


@router.put(
    "", response_model=SaveAnswer, responses={200: {"headers": _ETAG}, **documented(401, 403, 409, 412, 413, 422)}
)
def save_settings(
    body: SaveRequest,
    services: Annotated[Services, Depends(services)],
    principal: Administrator,
    response: Response,
    if_match: Annotated[str | None, Header(description="ETag of the settings that were read; 412 if it is outdated.")] = None,
) -> SaveAnswer:
    """Test the settings, and save them only if all tests succeed (Test and Save). Nothing is saved in part.

    The mailbox of replies is opened, unless replies are off or its settings are unchanged. A test message is sent, unless
    this is the cloud edition, or only the switch or the interactions change. `test: false` skips both. Fields that are left
    out get their defaults; a secret that is left out is kept, unless the server or account that receives it changes.
    """
    recipient = body.test.recipient if isinstance(body.test, TestRequest) else None
    options = EmailTestOptions(wanted=body.test is not False, recipient=recipient)
    saved = services.settings_editor.save(body.settings, options=options, if_match=_revision(if_match), principal=principal)
    response.headers["ETag"] = _etag(saved.view.revision)
    return SaveAnswer(
        settings=_settings(saved.view),
        changes=[ChangeItem(**change.plain()) for change in saved.changes],
        test=_email_test_answer(saved.email_test) if saved.email_test else None,
        tested_mailbox=MailboxAnswer(**asdict(saved.mailbox_evidence)) if saved.mailbox_evidence else None,
        advice=saved.advice,
    )


@router.post("/plan", response_model=PlanAnswer, responses=documented(401, 403, 413, 422))
def plan_settings(
    body: PlanRequest, services: Annotated[Services, Depends(services)], _principal: Administrator
) -> PlanAnswer:
    """Return the changes that a PUT of these settings would make. Sends and saves nothing."""
    return PlanAnswer(changes=[ChangeItem(**change.plain()) for change in services.settings_editor.plan(body.settings)])


@router.post("/test", name="test_settings", response_model=TrialAnswer, responses=documented(401, 403, 409, 413, 422))
def send_email_test(
    body: TrialRequest, services: Annotated[Services, Depends(services)], principal: Administrator
) -> TrialAnswer:
    """Send a test message with the settings in force, or with those given. Saves nothing."""
    result = services.settings_editor.send_email_test(body.settings, recipient=body.recipient, principal=principal)
    return TrialAnswer(test=_email_test_answer(result))


def _etag(revision: int) -> str:
    return f'"{revision}"'


def _revision(if_match: str | None) -> int | None:
    """Return the revision of an If-Match header (RFC 9110, 13.1.1); None for `*`. Raises InputRefused for any other text."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"([0-9]{1,9})"\s*', if_match)
    if not found:
        raise InputRefused("header.if-match", "It is not an ETag of these settings.", "Send the ETag that GET returned.")
    return int(found[1])


def _settings(view: View) -> SettingsAnswer:
    return SettingsAnswer(**view.document, changed_at=view.changed_at, changed_by=view.changed_by)


def _email_test_answer(result: EmailTestResult) -> TestAnswer:
    evidence = result.evidence
    return TestAnswer(
        recipient=result.recipient,
        message_id=result.message_id,
        server=evidence.server,
        response=evidence.response,
        tls=evidence.tls,
        authenticated=evidence.authenticated,
        seconds=evidence.seconds,
    )
