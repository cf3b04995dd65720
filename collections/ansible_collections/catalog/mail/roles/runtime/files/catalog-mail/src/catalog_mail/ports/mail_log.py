# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of outgoing mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.notifications.mail_log import Entry, Selection
from catalog_mail.ports.pages import Page, PageRequest, Position


@dataclass(frozen=True)
class Forgotten:
    """The numbers of removed rows, of replies that no longer name their sender, and of the opt-outs that are kept."""

    deliveries: int
    explanations: int
    replies: int
    opt_outs_kept: int


class MailLogStore(Protocol):
    """The deliveries as administrators look at them. No method reads or returns the text of a mail."""

    def page(self, selection: Selection, wanted: PageRequest) -> Page[Entry]:
        """Return a page of the selected deliveries, those accepted last first."""

    def entry(self, delivery_id: str) -> Entry: ...  # raises NotFound

    def of_cause(self, cause: str, *, after: Position | None, limit: int) -> Sequence[Entry]:
        """Return deliveries that can be tried again and have this cause, oldest first, beginning after a position."""

    def retry(self, delivery_ids: Collection[str], at: datetime) -> int:
        """Make deliveries that failed, were suppressed or wait due at once; return their number. Others do not change."""

    def cancel(self, delivery_ids: Collection[str], at: datetime) -> int:
        """Suppress deliveries that are accepted, queued or waiting; return their number. Others do not change."""

    def under_way(self, recipient: str) -> Sequence[Entry]:
        """Return the deliveries to a recipient that are not final."""

    def forget(self, recipient: str) -> Forgotten:
        """Remove the final deliveries to a recipient, with their texts, and the recipient's address from what is left."""
