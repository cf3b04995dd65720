# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data fields of each kind of notification: one table for validation, and for the API's JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog_mail.domain.catalog.mentions import NAME_PATTERN
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime.text import is_storable
from catalog_mail.domain.notifications.notification import Kind

EVENT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$"
URL_PATTERN = (
    r"^https?://([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@/?#%-]{0,1500})?$"
)
TIME_PATTERN = (
    r"^(20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|20([02468][048]|[13579][26])-02-29)"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
STORABLE_PATTERN = r"^[^\x00]*$"
LONGEST_TITLE = 300
LONGEST_TEXT = 50_000
MOST_NAMES = 100
LARGEST_NUMBER = 2**53 - 1  # exact in every JSON (RFC 8259, 6)


class Form(StrEnum):
    """The type of a field."""

    TITLE = "title"    # one line for people
    TEXT = "text"      # several lines
    EVENT = "event"    # the name of an event that users subscribe to
    USER = "user"      # a user's name in the embedded catalog
    USERS = "users"    # several
    URL = "url"
    TIME = "time"      # ISO 8601 with its zone
    NUMBER = "number"  # whole, not negative


@dataclass(frozen=True)
class Field:
    """One field of the data. An optional field that is left out is None, so that templates can test for it."""

    form: Form
    description: str
    required: bool = False


_URL = Field(Form.URL, "The link to the page that the mail is about.")
_FINISHED = Field(Form.TIME, "The end time, ISO 8601 with a time zone.")
_TEXT = Field(Form.TEXT, "Further details.")
_QUERY: Mapping[str, Field] = {
    "query": Field(Form.TITLE, "The name of the query.", required=True),
    "owner": Field(Form.USER, "The query's owner, who receives the mail."),
    "finished_at": _FINISHED,
    "url": _URL,
}
_POST: Mapping[str, Field] = {
    "author": Field(Form.TITLE, "The person who acted: a user's name, or a display name.", required=True),
    "conversation": Field(Form.TITLE, "The title of the conversation.", required=True),
    "url": _URL,
}
FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    Kind.SUBSCRIBED_EVENT: {
        "event": Field(Form.EVENT, "The event; its subscribers receive the mail.", required=True),
        "title": Field(Form.TITLE, "The event in one line.", required=True),
        "text": _TEXT,
        "url": _URL,
    },
    Kind.DOWNLOAD_READY: {
        "name": Field(Form.TITLE, "The name of the download.", required=True),
        "user": Field(Form.USER, "The user who requested the download and receives the mail."),
        "url": _URL,
        "expires_at": Field(Form.TIME, "The time at which the download expires, ISO 8601 with a time zone."),
    },
    Kind.DOWNLOAD_FAILED: {
        "name": Field(Form.TITLE, "The name of the download.", required=True),
        "reason": Field(Form.TEXT, "The reason of the failure.", required=True),
        "user": Field(Form.USER, "The user who requested the download and receives the mail."),
        "url": _URL,
    },
    Kind.SCHEDULED_QUERY_SUCCEEDED: {**_QUERY, "rows": Field(Form.NUMBER, "The number of rows of the result.")},
    Kind.SCHEDULED_QUERY_FAILED: {**_QUERY, "error": Field(Form.TEXT, "The reason of the failure.", required=True)},
    Kind.SYSTEM_HEALTH: {
        "title": Field(Form.TITLE, "The problem in one line.", required=True),
        "text": Field(Form.TEXT, "The problem in detail.", required=True),
        "url": _URL,
    },
    Kind.SCHEDULED_JOB_STATUS: {
        "job": Field(Form.TITLE, "The name of the job.", required=True),
        "status": Field(Form.TITLE, "The result of the job, such as succeeded or failed.", required=True),
        "text": _TEXT,
        "finished_at": _FINISHED,
        "url": _URL,
    },
    Kind.MENTION: {
        **_POST,
        "text": Field(Form.TEXT, "The text of the post.", required=True),
        "mentioned": Field(Form.USERS, "The mentioned users, who receive the mail, except the author."),
    },
    Kind.ASSIGNMENT: {**_POST, "assignee": Field(Form.USER, "The new assignee, who receives the mail.")},
    Kind.MESSAGE: {},
    Kind.REPLY_REJECTED: {
        "reply_subject": Field(Form.TITLE, "The subject of the reply.", required=True),
        "explanation": Field(Form.TEXT, "The reason why the reply was not posted.", required=True),
        "remedy": Field(Form.TEXT, "The action that its author can take.", required=True),
        "reply_from": Field(Form.TITLE, "The address that the reply came from, if it is not known as the recipient's."),
        "in_reply_to": Field(Form.TEXT, "The Message-ID of the reply."),
        "conversation": Field(Form.TITLE, "The title of the conversation that the reply was sent to."),
        "url": _URL,
    },
}

# The field that names the recipients of a kind, unless the request gives recipients.
NAMES_RECIPIENTS: Mapping[Kind, str] = {
    Kind.DOWNLOAD_READY: "user",
    Kind.DOWNLOAD_FAILED: "user",
    Kind.SCHEDULED_QUERY_SUCCEEDED: "owner",
    Kind.SCHEDULED_QUERY_FAILED: "owner",
    Kind.MENTION: "mentioned",
    Kind.ASSIGNMENT: "assignee",
}

_EVENT, _USER, _LINK, _TIME = (re.compile(pattern) for pattern in (EVENT_PATTERN, NAME_PATTERN, URL_PATTERN, TIME_PATTERN))
_EXPECTED: Mapping[Form, str] = {
    Form.TITLE: f"Give a text of 1 to {LONGEST_TITLE} characters.",
    Form.TEXT: f"Give a text of at most {LONGEST_TEXT} characters.",
    Form.EVENT: "Give up to 200 letters, digits and . _ : -.",
    Form.USER: "Give the name of a user of this catalog, such as jane.doe.",
    Form.USERS: f"Give a list of 1 to {MOST_NAMES} names of users.",
    Form.URL: "Give an address such as https://catalog.example.com/query/7.",
    Form.TIME: "Give a time with its zone, such as 2026-11-21T05:30:00Z.",
    Form.NUMBER: "Give a whole number, 0 or more.",
}


def check_data(kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    """Check the data; return it with every field of its kind, None for those that were left out.

    Raises InputRefused when a field is not valid; its attribute `errors` has all errors when there are several.
    """
    fields = FIELDS[kind]
    errors = [_unknown(kind, name) for name in data if name not in fields]
    checked = {}
    for name, field in fields.items():
        value = data.get(name)
        problem = _problem(field, value)
        if problem:
            errors.append(InputRefused(f"data.{name}", problem, _EXPECTED[field.form]))
        checked[name] = int(value) if field.form is Form.NUMBER and value is not None and not problem else value
    if errors:
        refused = errors[0]
        refused.errors = tuple(errors) if len(errors) > 1 else ()
        raise refused
    return checked


def _unknown(kind: Kind, name: str) -> InputRefused:
    known = ", ".join(FIELDS[kind]) or "none; give subject, text and html instead"
    return InputRefused(f"data.{name[:100]}", f"The kind {kind} has no such field.", f"Its fields are: {known}.")


def _problem(field: Field, value: Any) -> str | None:
    """Return the error of a value as a sentence; None for a valid value."""
    if value is None:
        return "It is missing." if field.required else None
    return None if _FITS[field.form](value) else "It is not of the right form."


def _text_of(limit: int, least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and least <= len(value) <= limit and is_storable(value)


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    # In Python $ also matches before a line end at the end of the text.
    return lambda value: isinstance(value, str) and bool(pattern.match(value)) and not value.endswith("\n")


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= MOST_NAMES and all(map(_FITS[Form.USER], value))


def _is_number(value: Any) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())  # 7.0 is an integer in JSON Schema
    return whole and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER


_FITS: Mapping[Form, Callable[[Any], bool]] = {
    Form.TITLE: _text_of(LONGEST_TITLE, 1),
    Form.TEXT: _text_of(LONGEST_TEXT, 0),
    Form.EVENT: _matching(_EVENT),
    Form.USER: _matching(_USER),
    Form.USERS: _are_names,
    Form.URL: _matching(_LINK),
    Form.TIME: _matching(_TIME),
    Form.NUMBER: _is_number,
}


def schema(kind: Kind, *needed: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind's data: it accepts what `check_data` accepts, if it has all the fields `needed`."""
    fields = FIELDS[kind]
    required = [name for name, field in fields.items() if field.required or name in needed]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _field_schema(field, name in required) for name, field in fields.items()},
        "required": required,
    }


def _field_schema(field: Field, required: bool) -> dict[str, Any]:
    form = dict(_SCHEMAS[field.form])
    return {**(form if required else {"anyOf": [form, {"type": "null"}]}), "description": field.description}


_SCHEMAS: Mapping[Form, Mapping[str, Any]] = {
    Form.TITLE: {"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE, "pattern": STORABLE_PATTERN},
    Form.TEXT: {"type": "string", "maxLength": LONGEST_TEXT, "pattern": STORABLE_PATTERN},
    Form.EVENT: {"type": "string", "pattern": EVENT_PATTERN},
    Form.USER: {"type": "string", "pattern": NAME_PATTERN},
    Form.USERS: {"type": "array", "minItems": 1, "maxItems": MOST_NAMES, "items": {"type": "string", "pattern": NAME_PATTERN}},
    Form.URL: {"type": "string", "pattern": URL_PATTERN},
    Form.TIME: {"type": "string", "pattern": TIME_PATTERN, "examples": ["2026-11-21T05:30:00Z"]},
    Form.NUMBER: {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER},
}
