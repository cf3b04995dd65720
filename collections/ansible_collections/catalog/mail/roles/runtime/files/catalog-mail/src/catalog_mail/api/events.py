# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint by which programs wait for events."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.events import Event, EventKind

router = APIRouter(tags=["operations"])

LONGEST_WAIT = 55


class EventItem(BaseModel):
    """Something that has happened."""

    id: str = Field(description="Where the event stands among all events.")
    at: datetime
    kind: EventKind = Field(
        description="settings: the e-mail settings were changed; health: a problem began or ended; mailbox_read_by_others: "
        "something else marks replies as read; drift: a report about drift names changes."
    )
    data: dict[str, Any] = Field(description="The details, which depend on the kind; no secret.")


class EventsAnswer(BaseModel):
    """Events, oldest first. `next` is the value of `after` for the next request."""

    events: list[EventItem]
    next: str


@router.get("/events", response_model=EventsAnswer, responses=documented(401, 403, 422))
async def events(
    request: Request,
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.VIEWER))],
    after: Annotated[
        str | None,
        Query(pattern="^([0-9]{1,9})?$", description="`next` of the answer before; without it, only events from now on."),
    ] = None,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for an event while there is none.")] = 0,
) -> EventsAnswer:
    """Return the events after `after`, as soon as there is one, at the latest after `wait` seconds.

    For viewers and server admins. The newest 1000 events are kept. An answer holds at most 100; ask again for the rest.
    """
    found = await services.events.after(int(after) if after else None, wait, partial(_gone, request))
    return EventsAnswer(events=[_item(event) for event in found.events], next=str(found.next))


async def _gone(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _item(event: Event) -> EventItem:
    return EventItem(id=str(event.id), at=event.at, kind=event.kind, data=dict(event.data))
