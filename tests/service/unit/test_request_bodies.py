# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request bodies are bounded before they are built, and each refusal names the field, the reason and the remedy."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from catalog_mail.api import bodies, json_text
from catalog_mail.api.bodies import Body, judge
from catalog_mail.api.catalog import AssigneeBody, ConversationBody, PostBody, UserBody
from catalog_mail.api.email_settings import SaveRequest
from catalog_mail.api.notifications import NotificationBody
from catalog_mail.api.problems import MOST_TOLD, InputError, RefusedBody
from catalog_mail.domain.mime import addresses
from catalog_mail.domain.notifications.data import LONGEST_TEXT, LONGEST_TITLE
from catalog_mail.domain.notifications.request import LONGEST_HTML, LONGEST_NAME, MOST_RECIPIENTS
from fastapi import Request
from helpers.waiting import PATIENCE

MANY = 150_000
WIDE = "\u4e2d"  # six bytes in JSON's ASCII form


def refused(body: bytes | str | Any, model: type[Body] = NotificationBody) -> list[InputError]:
    """Return the errors of a body, given as it is or as a document."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = judge(raw, model)
    assert isinstance(found, RefusedBody), found
    assert 1 <= len(found.errors) <= MOST_TOLD
    assert all(error.field and error.cause and error.remedy for error in found.errors)
    return found.errors


def address(number: int) -> str:
    """Return one of the longest addresses."""
    local = f"{number:064d}"
    return f"{local}@{'.'.join(['d' * 60] * 3)}.de"[: addresses.LONGEST]


LARGEST: dict[type[Body], Any] = {
    NotificationBody: {
        "kind": "message", "subject": WIDE * LONGEST_TITLE, "text": WIDE * LONGEST_TEXT, "html": WIDE * LONGEST_HTML,
        "recipients": [{"address": address(n), "display_name": WIDE * LONGEST_NAME} for n in range(MOST_RECIPIENTS)],
        "thread": "t" * 200, "idempotency_key": "k" * 200,
    },
    ConversationBody: {"title": WIDE * LONGEST_TITLE, "text": WIDE * LONGEST_TEXT},
    PostBody: {"text": WIDE * LONGEST_TEXT, "idempotency_key": "k" * 200},
    UserBody: {"name": "n" * 100, "email": address(1), "display_name": WIDE * LONGEST_NAME, "server_admin": True, "active": True},
    AssigneeBody: {"assignee": "n" * 100},
    SaveRequest: {
        "settings": {
            part: {
                basic: {"username": WIDE * 200, "password": "p" * 10_000},
                "microsoft": {"client_secret": "s" * 10_000, "certificate": ("p" * 64 + "\n") * 153},
            }
            for part, basic in (("notifications", "smtp"), ("interactions", "imap"))
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("model", LARGEST, ids=lambda model: model.__name__)
@pytest.mark.parametrize("ascii_only", [True, False], ids=["ascii", "utf-8"])
def test_the_largest_documented_values_are_accepted(model: type[Body], ascii_only: bool):
    body = json.dumps(LARGEST[model], ensure_ascii=ascii_only, indent=1).encode()
    assert len(body) <= model.limits.size
    assert isinstance(judge(body, model), model)


@pytest.mark.parametrize(
    ("model", "largest"),
    [(NotificationBody, 6_500_000), (ConversationBody, 330_000), (PostBody, 330_000), (SaveRequest, 131_072), (UserBody, 16_384)],
)
def test_limits_fit_the_operation(model: type[Body], largest: int):
    assert model.limits.size <= largest


REFUSED: dict[str, tuple[Any, str, str, str]] = {
    "unknown fields": (json.dumps({f"k{n}": 0 for n in range(MANY)}), "body", "more than", "at most"),
    "unknown fields of a field": (json.dumps({"data": {f"k{n}": 0 for n in range(101)}}), "data", "101", "100"),
    "unknown fields of a recipient": (
        json.dumps({"kind": "message", "recipients": [{f"k{n}": 0 for n in range(200)}]}), "recipients.0", "200", "100"
    ),
    "a long list": ("[" + "0," * MANY + "0]", "body", "more than", "at most"),
    "many empty lists": ("[" + "[]," * MANY + "[]]", "body", "more than", "at most"),
    "many texts without commas": ('""' * MANY, "body", "more than", "at most"),
    "recipients beyond their number": (
        json.dumps({"kind": "message", "recipients": [{"address": f"a{n}@corp.test"} for n in range(1001)]}),
        "recipients", "at most 1000", "field",
    ),
    "deep lists": ("[" * 50_000, "body", "deeper", "at most 32"),
    "deep objects": ('{"a":' * 50_000, "body", "deeper", "at most 32"),
    "33 lists in data": ('{"kind": "message", "data": {"a": ' + "[" * 31 + "]" * 31 + "}}", "body", "deeper", "at most 32"),
    "a number of 5,000 digits": ('{"data": {"rows": ' + "1" * 5000 + "}}", "data.rows", "5000 digits", "number"),
    "a negative one in a list": ('{"data": {"a": [1, -' + "1" * 5000 + "]}}", "data.a.1", "5000 digits", "number"),
    "a number alone": ("1" * 5000, "body", "5000 digits", "number"),
    "NaN": ('{"data": {"rows": NaN}}', "data.rows", "NaN", "number"),
    "-Infinity": ('{"data": {"rows": -Infinity}}', "data.rows", "-Infinity", "number"),
    "a field twice": ('{"kind": "message", "kind": "mention"}', "body", "'kind' more than once", "once"),
    "an inner field twice": ('{"data": {"x": [{"a": 1, "a": 2}]}}', "data.x.0", "'a' more than once", "once"),
    "one of two fields twice": ('{"data": {"a": NaN}, "data": 1}', "body", "'data' more than once", "once"),
    "a byte that is not UTF-8": (b'{"kind": "\xff"}', "body", "byte 10", "UTF-8"),
    "UTF-16": ('{"kind": "message"}'.encode("utf-16"), "body", "not UTF-8", "UTF-8"),
    "half a text": ('{"kind": "', "body", "not JSON", "line 1, column 10"),
    "an error in line 2": ('{"kind":\n x}', "body", "not JSON", "line 2, column 2"),
    "a form": ("kind=message&text=x", "body", "not JSON", "application/json"),
    "only blanks": (" " * 100, "body", "not JSON", "application/json"),
    "closed too often": ("]" * 100, "body", "not JSON", "application/json"),
    "a list": ("[]", "body", "dictionary", "field"),
    "null": ("null", "body", "dictionary", "field"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "field", "cause", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_field_reason_and_remedy(body: bytes | str, field: str, cause: str, remedy: str):
    error = refused(body)[0]
    assert error.field == field
    assert cause in error.cause
    assert remedy in error.remedy


def test_signs_in_texts_are_no_values():
    text = '[{,}]"\\' * 2000
    found = judge(json.dumps({"text": text}).encode(), PostBody)
    assert isinstance(found, PostBody)
    assert found.text == text


def test_a_byte_order_mark_is_accepted():
    assert isinstance(judge(b"\xef\xbb\xbf" + b'{"text": "x"}', PostBody), PostBody)


def test_few_of_many_errors_are_told():
    errors = refused({"kind": "message", "recipients": [{"address": "x"} for _ in range(MOST_RECIPIENTS)]})
    assert [error.field for error in errors] == [f"recipients.{n}.address" for n in range(MOST_TOLD)]


def test_a_body_is_judged_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch):
    """The judgement waits here for the event loop, which goes on meanwhile."""
    begun, release = threading.Event(), threading.Event()

    def judge_slowly(body: bytes, model: type[Body]) -> Any:
        begun.set()
        assert release.wait(PATIENCE)
        return judge(body, model)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"text": "x"}', "more_body": False}

    async def run() -> Any:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"13")]
        request = Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}, receive)
        judged = asyncio.ensure_future(bodies.CheckedRequest(request, PostBody).json())
        while not begun.is_set():
            await asyncio.sleep(0.001)
        release.set()
        return await judged

    monkeypatch.setattr(bodies, "judge", judge_slowly)
    assert asyncio.run(run()) == PostBody(text="x")


def test_nothing_is_built_of_a_body_with_too_many_values(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(json_text, "_Builder", None)
    assert "more than" in refused({f"k{n}": 0 for n in range(MANY)})[0].cause
