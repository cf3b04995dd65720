"""Dates as headers write them (RFC 5322, 3.3; RFC 9110, 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parsed_date(value: str) -> datetime | None:
    """The time in UTC, taken as UTC where the value names no zone; None for a value that is not a date of the years 1 to 9999."""
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
