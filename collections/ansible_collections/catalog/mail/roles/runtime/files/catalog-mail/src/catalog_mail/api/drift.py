# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for reports about drift: a playbook run posts them, people and monitoring read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from catalog_mail.api import pages
from catalog_mail.api.bodies import Body, BodyLimits, BodyRoute
from catalog_mail.api.context import Services, services
from catalog_mail.api.fields import DriftText, Moment
from catalog_mail.api.pages import Cursor
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.drift import LONGEST_TEXT, MOST_CHANGES, MOST_HOSTS, DriftChange, DriftReport, StoredDriftReport
from catalog_mail.domain.errors import InputRefused
from catalog_mail.ports.pages import Position

router = APIRouter(tags=["operations"], route_class=BodyRoute)

_Services = Annotated[Services, Depends(services)]
_Reporter = Annotated[Principal, Depends(require(Role.DRIFT))]
_Reader = Annotated[Principal, Depends(require(Role.VIEWER))]
_Hosts = Annotated[list[DriftText], Field(max_length=MOST_HOSTS)]
_MOST_ITEMS = 50
# Names of hosts are short: the limit of the whole body allows for 100 characters each.
_CHARACTERS = MOST_CHANGES * 6 * LONGEST_TEXT + 2 * MOST_HOSTS * 100
_VALUES = MOST_CHANGES * 7 + 2 * MOST_HOSTS + 100


class DriftChangeBody(BaseModel):
    """A field whose value is another than it should be. The values of a secret must not be given: write `differs`."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    host: DriftText
    role: DriftText
    thing: DriftText
    field: DriftText
    present: Annotated[DriftText, Field(alias="is")]
    wanted: Annotated[DriftText, Field(alias="should_be")]


class DriftReportBody(Body):
    """One comparison of hosts with their playbook."""

    limits = BodyLimits.for_texts(_CHARACTERS, values=_VALUES)
    model_config = ConfigDict(extra="forbid", strict=True)

    hosts: Annotated[_Hosts, Field(description="The hosts that were to be compared.")]
    unreachable: Annotated[_Hosts, Field(description="Those that could not be compared.", default_factory=list)]
    corrected: Annotated[bool, Field(description="Whether the changes were made.")]
    stopped_by_limit: Annotated[
        bool, Field(description="Whether there were more changes than may be corrected without a person, so that none was made.")
    ] = False
    changes: Annotated[list[DriftChangeBody], Field(max_length=MOST_CHANGES)]
    started_at: Annotated[Moment, Field(description="When the comparison began.")]


class DriftReportCreated(BaseModel):
    """The number of a stored report."""

    id: int


class DriftReportItem(BaseModel):
    """A stored report."""

    id: int
    at: datetime = Field(description="When the report came.")
    reporter: str = Field(description="Name of the token that the report came with.")
    hosts: list[str]
    unreachable: list[str]
    corrected: bool
    stopped_by_limit: bool
    changes: list[DriftChangeBody]
    started_at: datetime


class DriftReportsAnswer(BaseModel):
    """A page of the reports, newest first. `next` is the value of `cursor` for the next page, null on the last one."""

    items: list[DriftReportItem]
    next: str | None
    limit: int


@router.post("/drift-reports", status_code=201, response_model=DriftReportCreated, responses=documented(401, 403, 413, 422))
def add_drift_report(body: DriftReportBody, services: _Services, reporter: _Reporter) -> DriftReportCreated:
    """Store a report. The oldest reports are removed, and the newest 200 stay. For tokens with the role drift."""
    changes = [DriftChange(**change.model_dump()) for change in body.changes]
    report = DriftReport(
        hosts=body.hosts,
        unreachable=body.unreachable,
        corrected=body.corrected,
        stopped_by_limit=body.stopped_by_limit,
        changes=changes,
        started_at=datetime.fromisoformat(body.started_at),
    )
    return DriftReportCreated(id=services.drift.accept(report, reporter.name))


@router.get("/drift-reports", response_model=DriftReportsAnswer, responses=documented(401, 403, 422))
def drift_reports(
    services: _Services,
    _principal: _Reader,
    limit: Annotated[int, Query(ge=1, le=_MOST_ITEMS, description="Maximum number of reports.")] = 20,
    cursor: Cursor = None,
) -> DriftReportsAnswer:
    """List the reports, newest first. For viewers and server admins."""
    found = services.drift.newest(limit=limit + 1, before=None if cursor is None else _number(cursor))
    shown = found[:limit]
    more = Position(shown[-1].at, str(shown[-1].id)) if len(found) > limit else None
    return DriftReportsAnswer(items=[_item(stored) for stored in shown], next=pages.cursor(more), limit=limit)


def _number(cursor: str) -> int:
    """Return the number of the report that a cursor names. Raises InputRefused."""
    text = pages.position(cursor).id
    if not text.isdecimal() or len(text) > 9:
        raise InputRefused("query.cursor", "It is no cursor of this list.", "Use the value of 'next' in the page before.")
    return int(text)


def _item(stored: StoredDriftReport) -> DriftReportItem:
    report = stored.report
    return DriftReportItem(
        id=stored.id,
        at=stored.at,
        reporter=stored.reporter,
        hosts=list(report.hosts),
        unreachable=list(report.unreachable),
        corrected=report.corrected,
        stopped_by_limit=report.stopped_by_limit,
        changes=[DriftChangeBody(**vars(change)) for change in report.changes],
        started_at=report.started_at,
    )
