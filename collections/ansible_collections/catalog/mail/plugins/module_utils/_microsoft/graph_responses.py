# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Interpret an answer of Microsoft Graph: its error, whether a retry makes sense, and when. Pure.

Sources: Graph's pages "Microsoft Graph error responses" and "throttling", and the issues named at ``is_lag``.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, List, Mapping, NamedTuple, Optional
from urllib.parse import quote


class Answer(NamedTuple):
    """An HTTP status, headers with names in lower case, and the JSON of the body; None without JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any = None

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status < 300


class GraphError(NamedTuple):
    """The error in an answer; missing parts are empty texts."""

    code: str
    message: str
    request_id: Optional[str]


def error_of(answer: Answer) -> GraphError:
    """Read the error of an answer that is not ok. Entra's gateways sometimes answer without an error object."""
    found = answer.body.get("error") if isinstance(answer.body, Mapping) else None
    error: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    inner = error.get("innerError")
    inner_id = inner.get("request-id") if isinstance(inner, Mapping) else None
    request_id = inner_id or answer.headers.get("request-id")
    return GraphError(str(error.get("code") or ""), str(error.get("message") or ""), request_id and str(request_id))


_TEMPORARY = (408, 412, 423, 429, 500, 502, 503, 504)
# Statuses that guarantee that the request had no effect.
_NOT_TAKEN = (409, 412, 423, 429)
# Codes and texts of a conflict that asks for a retry (azure-cli#23081, azurerator#448, msgraph-sdk-dotnet#1201), in place of one
# with an object that exists.
_CONCURRENT = re.compile(r"concurren|irresolvableconflict|resourcemodified|wait briefly|\b(?:re-?)?try(?:ing)?\b", re.IGNORECASE)
_EXISTS = re.compile(r"already (?:exists?|present|in use|assigned)|same value for property|duplicate", re.IGNORECASE)
_EXISTS_CODES = ("Request_MultipleObjectsWithSameKeyValue", "ObjectConflict", "NameAlreadyExists", "nameAlreadyExists")


def already_exists(answer: Answer) -> bool:
    """Whether a write was refused because what it makes exists; told apart from other conflicts by code, then by text."""
    error = error_of(answer)
    if answer.status != 409 or _CONCURRENT.search(error.code):
        return False
    return error.code in _EXISTS_CODES or bool(_EXISTS.search(error.message))


def is_passing(answer: Answer) -> bool:
    """Whether the same request may succeed a little later: the server is busy, or another write is under way."""
    if answer.status != 409:
        return answer.status in _TEMPORARY
    error = error_of(answer)
    return not already_exists(answer) and bool(_CONCURRENT.search(f"{error.code} {error.message}"))


def had_no_effect(answer: Answer) -> bool:
    """Whether a passing refusal guarantees that the request had no effect, so that it can be repeated without a look."""
    return answer.status in _NOT_TAKEN


# Error texts of replicas that do not know a newly created object yet.
_LAG = re.compile(
    r"does not reference a valid application object|Not a valid reference update|backing application of the service principal",
    re.IGNORECASE)


def is_lag(answer: Answer) -> bool:
    """Whether replication explains the refusal of a write that concerns a newly created object.

    msgraph-sdk-dotnet#3108 (NoBackingApplicationObject), azuread#581 (403 under OwnedBy), azuread#1764 (MSA), and a
    404 for an existing object.
    """
    error = error_of(answer)
    if answer.status == 404 or error.code in ("NoBackingApplicationObject", "Error_MsaAppDoesNotExist"):
        return True
    return answer.status in (400, 403) and bool(_LAG.search(error.message))


def already_granted(answer: Answer) -> bool:
    """Whether an app role assignment was refused because it exists (its code is the general Request_BadRequest)."""
    return already_exists(answer) or (answer.status == 400 and "already exists" in error_of(answer).message)


def already_revoked(answer: Answer) -> bool:
    """Whether an app role assignment was not deleted because it does not exist."""
    return answer.status == 404 or (answer.status == 400 and "is not found" in error_of(answer).message)


LONGEST_WAIT = 3600.0
"""Seconds of the longest pause that a server may ask for; longer ones are reduced to it."""


def retry_after(answer: Answer) -> Optional[float]:
    """Return the seconds that the server asks to wait; None when not given."""
    return seconds_to_wait(answer.headers.get("retry-after"), date_of(answer.headers.get("date")))


def seconds_to_wait(value: Optional[str], now: Optional[datetime]) -> Optional[float]:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds from 0 to LONGEST_WAIT; None for anything else.

    ``now`` is the server's time, with which a date is compared; without it a date is ignored.
    """
    said = (value or "").strip()[:100]
    if re.fullmatch(r"[0-9]+", said):
        return min(float(said), LONGEST_WAIT)
    until = date_of(said)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT) if until and now else None


def date_of(header: Optional[str]) -> Optional[datetime]:
    """Read the moment in a header such as Date, in UTC; None where the header holds no date."""
    try:
        moment = parsedate_to_datetime((header or "")[:100])
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        # The standard library raises one of these for text that is not a date, depending on its version.
        return None


def values(body: Any) -> List[Mapping[str, Any]]:
    """Return the objects on a page of a collection."""
    found = body.get("value") if isinstance(body, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def key(name: str, value: str) -> str:
    """Return an alternate key for a path: (appId='...'), with quotation marks doubled as in OData."""
    return f"({name}='{quoted(value)}')"


def quoted(value: str) -> str:
    """Quote a text for the inside of quotation marks in a path or a filter of a URL."""
    return quote(value.replace("'", "''"), safe="")
