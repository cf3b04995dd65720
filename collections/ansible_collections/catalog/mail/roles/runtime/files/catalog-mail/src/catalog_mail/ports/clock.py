"""The time, as the use cases are given it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, always with its zone (UTC)."""

    def now(self) -> datetime: ...
