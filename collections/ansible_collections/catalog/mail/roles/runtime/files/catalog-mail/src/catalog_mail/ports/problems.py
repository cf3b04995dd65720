# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The problems that the administrators are told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.events import Event
from catalog_mail.domain.trouble.plan import Episode
from catalog_mail.ports.catalog import Notice


@dataclass(frozen=True)
class Change:
    """The episodes before and after, with the e-mail and the events that tell of the difference."""

    before: Sequence[Episode]
    after: Sequence[Episode]
    notice: Notice | None
    events: Sequence[Event]


class ProblemStore(Protocol):
    def episodes(self) -> Sequence[Episode]:
        """Return the stored episodes."""

    def apply(self, change: Change) -> bool:
        """Store episodes, e-mail and events in one transaction. Returns False when another node has changed the episodes."""
