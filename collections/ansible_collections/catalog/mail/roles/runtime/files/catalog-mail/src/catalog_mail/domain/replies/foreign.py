# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages with an intent that no key of this installation signed: perhaps replies to the mail of another installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_mail.domain.replies.reply import NotPosted

# Time for which such a message stays unread, and the number of messages that stay unread at once: the other installation, if
# there is one, reads the same mailbox and takes its replies.
LEFT_FOR = timedelta(days=1)
MOST_LEFT = 100


@dataclass(frozen=True)
class ForeignIntent:
    """The decision to leave a message unread; `otherwise` is the decision when it may not stay unread any longer."""

    otherwise: NotPosted


@dataclass(frozen=True)
class Left:
    """The number of messages that are left unread, and the time at which the first of them was seen."""

    count: int = 0
    since: datetime | None = None


def may_stay(first_seen: datetime | None, now: datetime) -> bool:
    """Return whether a message stays unread. `first_seen` is None when MOST_LEFT other messages stay already."""
    return first_seen is not None and now - first_seen < LEFT_FOR
