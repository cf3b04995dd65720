# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events for programs that wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catalog_mail.domain.events import Event


class EventStore(Protocol):
    def events(self, after: int, *, limit: int) -> Sequence[Event]:
        """Return at most `limit` events with a larger id, oldest first."""

    def last(self) -> int:
        """Return the id of the newest event; 0 without one."""
