"""The header Retry-After of HTTP (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import datetime

from catalog_mail.domain.mime.dates import parsed_date

# Seconds; a server that asks for a longer pause is asked again after this one.
LONGEST_PAUSE = 3600.0
# Characters of a value that are read.
_LONGEST_VALUE = 100


def retry_after_seconds(value: object, now: datetime) -> float | None:
    """The seconds to wait from `now` on, 0 to LONGEST_PAUSE; None where `value` is None, or neither seconds nor a date.

    `value` is the header as it came, a text or a number of JSON. Raises nothing.
    """
    text = "" if value is None else str(value).strip()[:_LONGEST_VALUE]
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE)
    date = parsed_date(text)
    return None if date is None else min(max((date - now).total_seconds(), 0.0), LONGEST_PAUSE)
