# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""What an answer of Microsoft Graph means: its error, whether it is worth asking again, and when. Pure.

Rules from Graph's pages "Microsoft Graph error responses", "throttling" and from the threads named at ``is_lag``.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, List, Mapping, NamedTuple, Optional
from urllib.parse import quote


class Answer(NamedTuple):
    """Status of HTTP, headers with names in lower case, and the JSON of the body; None where it has none."""

    status: int
    headers: Mapping[str, str]
    body: Any = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class GraphError(NamedTuple):
    """The error in an answer; empty texts where it does not say."""

    code: str
    message: str
    request_id: Optional[str]


def error_of(answer: Answer) -> GraphError:
    """The error object of an answer that is not ok. Entra's gateways answer without one now and then."""
    found = answer.body.get("error") if isinstance(answer.body, Mapping) else None
    error: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    inner = error.get("innerError")
    inner_id = inner.get("request-id") if isinstance(inner, Mapping) else None
    request_id = inner_id or answer.headers.get("request-id")
    return GraphError(str(error.get("code") or ""), str(error.get("message") or ""), request_id and str(request_id))


TEMPORARY = (408, 429, 500, 502, 503, 504)
"""Statuses after which the same request is sent again, once its outcome has been looked at where that is needed."""

NOT_TAKEN = (429,)
"""Statuses that promise that the request was not acted upon."""

# Texts of a directory whose replicas have not all heard of an object that was just made.
_LAG = re.compile(
    r"does not reference a valid application object|Not a valid reference update|backing application of the service principal",
    re.IGNORECASE)


def is_lag(answer: Answer) -> bool:
    """Whether replication explains a refusal of a write about something that was made a moment ago.

    msgraph-sdk-dotnet#3108 (NoBackingApplicationObject), azuread#581 (403 under OwnedBy), azuread#1764 (MSA), and the
    404 of an object that does exist.
    """
    error = error_of(answer)
    if answer.status == 404 or error.code in ("NoBackingApplicationObject", "Error_MsaAppDoesNotExist"):
        return True
    return answer.status in (400, 403) and bool(_LAG.search(error.message))


def already_granted(answer: Answer) -> bool:
    """Whether an app role assignment was refused since it is there (its code says no more than Request_BadRequest)."""
    return answer.status in (400, 409) and "already exists" in error_of(answer).message


def already_revoked(answer: Answer) -> bool:
    """Whether an app role assignment was not deleted since it is not there."""
    return answer.status == 404 or (answer.status == 400 and "is not found" in error_of(answer).message)


def retry_after(answer: Answer) -> Optional[float]:
    """Seconds that the server asks to wait; None where it does not say. RFC 9110: a number, or a moment."""
    said = answer.headers.get("retry-after", "").strip()
    if not said:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said):
        return float(said)
    until, now = date_of(said), date_of(answer.headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def date_of(header: str) -> Optional[datetime]:
    """The moment in a header such as Date; None where it is none."""
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def values(body: Any) -> List[Mapping[str, Any]]:
    """The things on a page of a collection."""
    found = body.get("value") if isinstance(body, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def key(name: str, value: str) -> str:
    """An alternate key as it stands in a path: (appId='...'), quotation marks doubled as OData wants it."""
    return f"({name}='{quoted(value)}')"


def quoted(value: str) -> str:
    """A text as it stands between the quotation marks of a path or a filter, ready for a URL."""
    return quote(value.replace("'", "''"), safe="")
