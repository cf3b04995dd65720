# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cursors name a position in a list, and any other text is refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from catalog_mail.api.pages import cursor, page_request, position
from catalog_mail.domain.errors import InputRefused
from catalog_mail.ports.pages import PageRequest, Position
from hypothesis import given
from hypothesis import strategies as st

WHEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def test_a_cursor_leads_to_its_position() -> None:
    for at in (WHEN, WHEN.astimezone(timezone(timedelta(hours=2)))):
        text = cursor(Position(at, "a" * 26))
        assert text is not None
        assert position(text) == Position(WHEN, "a" * 26)
    assert cursor(None) is None


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["a", "abcd", "_" * 200, encoded([]), encoded({}), encoded(7), encoded([WHEN.isoformat()]), encoded([7, "a"]),
     encoded([WHEN.isoformat(), 7]), encoded([WHEN.isoformat(), ""]), encoded([WHEN.isoformat(), "a'b"]),
     encoded(["2026-03-01T12:00:00", "a"]), encoded(["0001-01-01T00:00:00+14:00", "a"]), encoded(["[" * 90, "a"])],
)  # fmt: skip
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(InputRefused) as refused:
        position(text)
    assert refused.value.field == "query.cursor"
    assert "'next'" in refused.value.remedy


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    try:
        found = position(text)
    except InputRefused:
        return
    assert found.at.tzinfo


def test_a_request_has_the_limits_of_time() -> None:
    assert page_request(since=WHEN, until=WHEN) == PageRequest(50, None, WHEN, WHEN)
    for name in ("since", "until"):
        for year in (1, 1969, 9999):
            with pytest.raises(InputRefused) as refused:
                page_request(**{name: WHEN.replace(year=year)})  # type: ignore[arg-type]  # one of two names
            assert refused.value.field == f"query.{name}"
