# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long what is known about the messages of the mailbox of replies is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# Messages of the last week are compared with the log, to find those that another program has read.
_SHORTEST_LOG = timedelta(days=8)
# The log of deliveries is removed in portions, and may be behind.
_MARGIN = timedelta(days=30)


@dataclass(frozen=True)
class ReplyRetention:
    """`log`: the entries of messages, after their last outcome. `keys`: the keys of posted replies and of explanations.

    A key must stay longer than the delivery that its reply answers: as long as that delivery is known, the same message, marked
    as unread, would be posted again.
    """

    log: timedelta
    keys: timedelta

    @classmethod
    def of_days(cls, mail_log: int, intents: int) -> ReplyRetention:
        """Return the retention for `mail_log_days` and `intent_days`."""
        return cls(max(timedelta(days=mail_log), _SHORTEST_LOG), timedelta(days=max(mail_log, intents)) + _MARGIN)
