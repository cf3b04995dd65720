# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of messages that are left unread for another installation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.replies.foreign import Left
from catalog_mail.domain.replies.mailbox import Place


class ForeignIntentStore(Protocol):
    """The messages that are left unread. Each method that writes is one transaction, and idempotent."""

    def admit(self, place: Place, keys: Sequence[str], at: datetime, most: int) -> Mapping[str, datetime]:
        """Store these messages as left, as long as there are at most `most`; return when each stored one was first seen."""

    def retain(self, place: Place, keys: Collection[str]) -> Collection[str]:
        """Forget all messages but these; return the keys of the forgotten ones."""

    def left(self, place: Place) -> Left:
        """Return the messages that are left in this mailbox."""
