# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header Retry-After, by the table of values shared by every reader of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.domain.failures.retry_after import LONGEST_PAUSE, retry_after_seconds
from catalog_mail.domain.mime.dates import parsed_date
from hypothesis import given
from hypothesis import strategies as st

TABLE = json.loads((Path(__file__).parents[3] / "data" / "retry_after.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: repr(row["value"])[:60])
def test_the_seconds_of_each_value(row: dict[str, Any]) -> None:
    assert retry_after_seconds(row["value"], datetime.fromisoformat(row["now"])) == row["seconds"]


@pytest.mark.parametrize(
    ("value", "seconds"), [(0, 0.0), (7, 7.0), (10**300, LONGEST_PAUSE), (-1, None), (1.5, None), ([], None)]
)
def test_a_json_number_is_read_as_its_digits(value: object, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text() | st.from_regex(r"\d{1,2} (Jan|Dec) \d{1,40} \d\d:\d\d:\d\d( [+-]\d{1,30}| GMT)?", fullmatch=True))
def test_no_value_raises_or_exceeds_the_bounds(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or 0.0 <= seconds <= LONGEST_PAUSE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Sat, 21 Nov 2026 10:00:00 +0100", NOW),
        ("21 Nov 2026 09:00:00", NOW),
        ("31 Dec 9999 23:59:59 -2359", None),
        ("1 Jan 99999999999 00:00:00 GMT", None),
        ("None", None),
    ],
)
def test_a_date_is_read_in_utc(value: str, expected: datetime | None) -> None:
    assert parsed_date(value) == expected
