# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read and write times in Microsoft Graph's format. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?\Z", re.IGNORECASE)


def moment(text: str) -> datetime:
    """Read a time with its zone. Graph writes seven digits of a second, and in errors no zone, which means UTC.

    Raises ValueError for any other text.
    """
    found = _MOMENT.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no moment")
    whole, fraction, zone = found.groups()
    offset = "+00:00" if zone is None or zone in "Zz" else zone
    return datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6].ljust(6, '0')}{offset}").astimezone(timezone.utc)


def written(when: datetime) -> str:
    """Write a time in UTC, to the second: 2026-11-21T10:00:00Z."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
