# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of sub-addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class SubaddressProbe:
    """A test of sub-addresses: when it was sent, and whether its mail arrived (`found`; None while that is open)."""

    handle: str
    sent_at: datetime
    found: bool | None


class SubaddressProbes(Protocol):
    """Tests of sub-addresses; `route` identifies the settings with which they were sent."""

    def last(self, route: str) -> SubaddressProbe | None:
        """Return the newest probe of this route; None when there was none."""

    def sent(self, route: str, handle: str, at: datetime) -> None:
        """Record a probe that is about to be sent."""

    def forget_probe(self, handle: str) -> None:
        """Remove a probe of which the mail was not handed over."""

    def settle(self, handle: str, *, found: bool) -> None:
        """Record whether the mail of a probe arrived."""
