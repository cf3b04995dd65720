# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Field types that several parts of the API share, with their OpenAPI descriptions."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AfterValidator, Field, JsonValue

from catalog_mail.domain import drift
from catalog_mail.domain.catalog import mentions
from catalog_mail.domain.mime import addresses
from catalog_mail.domain.mime.text import LINE_PATTERN, is_storable
from catalog_mail.domain.notifications.data import EVENT_PATTERN, LONGEST_TEXT, LONGEST_TITLE, STORABLE_PATTERN, TIME_PATTERN
from catalog_mail.domain.notifications.request import LONGEST_HTML
from catalog_mail.domain.settings.fields import InvalidValue, address

ID_PATTERN = r"^[a-z2-7]{26}$"
_WORD_PATTERN = r"^[!-~]{1,200}$"


def _matching(pattern: str, cause: str, remedy: str) -> AfterValidator:
    """Check like pydantic's `pattern`, but refuse with a cause and a remedy."""
    whole = re.compile(pattern.removeprefix("^").removesuffix("$"))

    def check(text: str) -> str:
        # An unpaired surrogate, which JSON can carry and UTF-8 cannot, matches most patterns.
        if not whole.fullmatch(text) or not is_storable(text):
            raise InvalidValue(cause, remedy)
        return text

    return AfterValidator(check)


def _described(pattern: str, **more: int) -> dict[str, JsonValue]:
    """Return the JSON schema keywords for the API's description; the validator beside it does the check."""
    return {"pattern": pattern, **more}


_storable = _matching(
    STORABLE_PATTERN, "It holds NUL or half of a surrogate pair.", "Remove it: no database and no mail carries it."
)

Id = Annotated[str, Field(pattern=ID_PATTERN, examples=["mfrggzdfmztwq2lknnwg23tpoa"])]
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
Before = Annotated[str | None, Query(pattern=ID_PATTERN, description="Return entries before the one with this id.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Maximum number of entries.")]
UserName = Annotated[
    str,
    _matching(
        mentions.NAME_PATTERN,
        "It is not a user's name.",
        "Use up to 100 letters, digits and . _ - that begin and end with a letter or digit.",
    ),
    Field(json_schema_extra=_described(mentions.NAME_PATTERN), description="User name, as it follows the @ of a mention."),
]
Address = Annotated[
    str,
    AfterValidator(address),
    Field(
        json_schema_extra=_described(addresses.PATTERN, maxLength=addresses.LONGEST),
        examples=["jane.doe@example.com"],
    ),
]
Title = Annotated[
    str, _storable, Field(min_length=1, max_length=LONGEST_TITLE, json_schema_extra=_described(STORABLE_PATTERN))
]
DisplayName = Annotated[
    str,
    _storable,
    Field(max_length=200, json_schema_extra=_described(STORABLE_PATTERN), description="Name shown in mails."),
]
PostText = Annotated[
    str, _storable, Field(min_length=1, max_length=LONGEST_TEXT, json_schema_extra=_described(STORABLE_PATTERN))
]
MailText = Annotated[str, _storable, Field(max_length=LONGEST_TEXT, json_schema_extra=_described(STORABLE_PATTERN))]
MailHtml = Annotated[
    str, _storable, Field(min_length=1, max_length=LONGEST_HTML, json_schema_extra=_described(STORABLE_PATTERN))
]
Subject = Annotated[
    str,
    _matching(LINE_PATTERN, "A subject is one line.", "Remove line breaks and other control characters."),
    Field(min_length=1, max_length=LONGEST_TITLE, json_schema_extra=_described(LINE_PATTERN)),
]
EventPath = Annotated[str, Path(pattern=EVENT_PATTERN, description="The name of an event, such as `table.sales.changed`.")]
DriftText = Annotated[str, _storable, Field(max_length=drift.LONGEST_TEXT, json_schema_extra=_described(STORABLE_PATTERN))]
_MOMENT_PATTERN = TIME_PATTERN.replace("(Z|", r"(\.[0-9]{1,6})?(Z|")
Moment = Annotated[
    str,
    _matching(_MOMENT_PATTERN, "It is not a time with its zone.", "Give a time such as 2026-11-21T05:30:00Z (RFC 3339)."),
    Field(json_schema_extra={**_described(_MOMENT_PATTERN), "examples": ["2026-11-21T05:30:00Z"]}),
]
Thread = Annotated[
    str,
    _matching(_WORD_PATTERN, "It is not the name of a thread.", "Use 1 to 200 visible ASCII characters without spaces."),
    Field(
        json_schema_extra=_described(_WORD_PATTERN),
        description="Identifier of a thread, such as `conversation.42`; mail programs group messages of one thread.",
    ),
]
Key = Annotated[
    str,
    _matching(_WORD_PATTERN, "It is not an idempotency key.", "Use 1 to 200 visible ASCII characters without spaces."),
    Field(
        json_schema_extra=_described(_WORD_PATTERN),
        description="Key of the caller's choice. A repeated request with the same key and content is stored once, for 30 days at "
        "least: so a request without an answer can be repeated.",
    ),
]
ActingUser = Annotated[
    str | None,
    Header(
        alias="X-Catalog-User",
        pattern=mentions.NAME_PATTERN,
        description="Name of the user on whose behalf the request acts; default: the user with the token's e-mail address. "
        "For tokens with the role catalog or server_admin.",
    ),
]
