"""Tests of sub-addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class SubaddressProbe:
    """A test of sub-addresses: when it was sent, and whether its mail came; None while that is open."""

    handle: str
    sent_at: datetime
    found: bool | None


class SubaddressProbes(Protocol):
    """Tests of sub-addresses; `route` stands for the settings that they went by."""

    def last(self, route: str) -> SubaddressProbe | None:
        """The newest one."""

    def sent(self, route: str, handle: str, at: datetime) -> None:
        """One goes out."""

    def settle(self, handle: str, *, found: bool) -> None:
        """Its mail came, or will not come."""
