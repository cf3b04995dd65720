# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of a list that is ordered by time, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Position:
    """The time and the id of an entry; the next page begins with the entry after it."""

    at: datetime
    id: str


@dataclass(frozen=True)
class PageRequest:
    """One page: at most `limit` entries after a position, from `since` on and before `until`."""

    limit: int = 50
    after: Position | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """The entries of one page. `following` is the position of the last entry, None when there are no more."""

    items: Sequence[T]
    following: Position | None = None
