# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the messages of the mailbox of replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.replies.logged import LoggedMessage, LogOutcome
from catalog_mail.ports.pages import Page, PageRequest


@dataclass(frozen=True)
class MessageFilter:
    """The entries to return: those with this outcome, and of this sender (in lower case); None for any."""

    outcome: LogOutcome | None = None
    sender: str | None = None


class MessageLog(Protocol):
    """Messages with what became of them."""

    def page(self, wanted: PageRequest, which: MessageFilter) -> Page[LoggedMessage]:
        """Return one page, the latest outcomes first."""

    def message(self, entry_id: str) -> LoggedMessage:
        """Return the entry with this id. Raises NotFound."""

    def request_retry(self, entry_id: str, at: datetime) -> None:
        """Request that a message is tried again, with its failures forgotten. Raises NotFound; Conflict when it is posted."""

    def requested(self, mailbox: str) -> Sequence[LoggedMessage]:
        """Return the messages of a mailbox whose retry is requested, in the order of the requests; limited in number."""

    def retried(self, entry_ids: Sequence[str]) -> None:
        """End requests: the messages were tried again and marked."""

    def gone(self, entry_ids: Sequence[str], at: datetime) -> None:
        """End requests of messages that do not lie in the mailbox any more."""

    def remove_entries(self, before: datetime, limit: int) -> int:
        """Remove entries whose outcome is older than this, and failures of decided messages. Returns the number of entries.

        At most `limit` entries are removed.
        """

    def remove_keys(self, before: datetime, limit: int) -> int:
        """Remove keys of replies that were posted, and of explanations that were sent, before this time; at most `limit` of each.

        Returns the larger number of both.
        """
