# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header Retry-After of HTTP (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import datetime

from catalog_mail.domain.mime.dates import parsed_date

# In seconds. When a server asks for a longer pause, the next request is sent after this one.
LONGEST_PAUSE = 3600.0
# Number of characters of a value that are read.
_LONGEST_VALUE = 100


def retry_after_seconds(value: object, now: datetime) -> float | None:
    """Return the seconds to wait from `now` on, 0 to LONGEST_PAUSE; None when `value` is None, or neither seconds nor a date.

    `value` is the unparsed header, or a number or text of JSON. Raises nothing.
    """
    text = "" if value is None else str(value).strip()[:_LONGEST_VALUE]
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE)
    date = parsed_date(text)
    return None if date is None else min(max((date - now).total_seconds(), 0.0), LONGEST_PAUSE)
