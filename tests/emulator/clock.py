# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's clock: real time, moved ahead by tests so that tokens and secrets expire."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

_FRACTION = re.compile(r"\.(\d+)")


class Clock:
    """Seconds since 1970, `offset` of them not lived through."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def seconds(self) -> float:
        return time.time() + self.offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)


def whole(moment: datetime) -> str:
    """To the second, as on messages, users and applications: 2026-11-21T10:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(moment: datetime) -> str:
    """With seven digits of a second, as on credentials and assignments: 2021-09-09T19:50:29.3086381Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"


def as_given(text: str) -> str:
    """A moment that a client gave, in UTC, to seven digits of a second; of a whole second without a fraction. ValueError."""
    fraction = _FRACTION.search(text)
    digits = fraction[1][:7].rstrip("0") if fraction else ""
    return parsed(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}Z" if digits else "Z")


def parsed(text: str) -> datetime:
    """A moment with or without a fraction of any length; ValueError if it is none."""
    text = text.strip()
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits):]}"
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
