# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query parameters of lists that are read page by page, and the cursor that names the next page."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.fields import InvalidValue
from catalog_mail.ports.pages import PageRequest, Position

CURSOR_PATTERN = r"^[A-Za-z0-9_-]{1,200}$"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LEAST, _MOST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)

Cursor = Annotated[
    str | None, Query(pattern=CURSOR_PATTERN, description="`next` of the page before; without it, the first page.")
]
PageLimit = Annotated[int, Query(ge=1, le=200, description="Maximum number of entries.")]


def _with_date(value: object) -> object:
    """Refuse a number, which would be read as seconds since 1970. What begins with a date, the field's type checks."""
    if isinstance(value, str) and not _DATE.match(value):
        raise InvalidValue("It is not a time with its zone.", "Give a time such as 2026-03-01T12:00:00Z (RFC 3339).")
    return value


_Time = Annotated[AwareDatetime, BeforeValidator(_with_date)]
Since = Annotated[
    _Time | None, Query(description="Return entries from this time on (RFC 3339, with its zone, `+` as `%2B`).")
]
Until = Annotated[_Time | None, Query(description="Return entries before this time (RFC 3339, with its zone).")]


def page_request(
    limit: PageLimit = 50, cursor: Cursor = None, since: Since = None, until: Until = None
) -> PageRequest:
    """Return the page that a request asks for; a dependency of handlers. Raises InputRefused."""
    after = None if cursor is None else position(cursor)
    return PageRequest(limit, after, _stored("since", since), _stored("until", until))


def cursor(following: Position | None) -> str | None:
    """Return the text by which a client asks for the next page; None when there is none."""
    if following is None:
        return None
    text = json.dumps([following.at.astimezone(UTC).isoformat(), following.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def position(text: str) -> Position:
    """Return the position that a cursor names. Raises InputRefused for any text that `cursor` does not return."""
    try:
        at, key = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(at)
        if not _LEAST <= moment < _MOST or not _ID.fullmatch(key):
            raise ValueError("out of range")
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InputRefused(
            "query.cursor",
            "It is no cursor of this list.",
            "Use the value of 'next' in the page before, unchanged, or leave the cursor out for the first page.",
        ) from error
    return Position(moment, key)


def _stored(field: str, at: datetime | None) -> datetime | None:
    """Return a time that every database can compare. Raises InputRefused."""
    try:
        if at is None or _LEAST <= at < _MOST:
            return at
    except OverflowError:
        pass
    raise InputRefused(f"query.{field}", "It is before 1970 or after 9989.", "Give a time such as 2026-03-01T12:00:00Z.")
