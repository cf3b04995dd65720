# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for replies in other folders than the one that is read, as often as the mailbox is read without arrivals."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.misplaced import WATCHED, count_replies
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox

log = logging.getLogger(__name__)


@dataclass
class MisplacedReplies:
    """The replies in other folders of one mailbox; `interval` is the shortest time in seconds between two searches."""

    clock: Clock
    interval: float
    _next: float = 0.0
    _found: Mapping[str, int] = field(default_factory=dict)

    def look(self, mailbox: Mailbox, policy: Policy) -> Mapping[str, int]:
        """Return the number of replies in each folder. Raises MailboxFailed."""
        if time.monotonic() >= self._next:
            found = count_replies(mailbox.elsewhere(self.clock.now() - WATCHED), policy)
            if sum(found.values()) > sum(self._found.values()):
                folders = ", ".join(f"{count} in {folder!r}" for folder, count in found.items())
                log.warning("replies lie in other folders than %s: %s", mailbox.place.mailbox, folders)
            self._found = found
            self._next = time.monotonic() + self.interval
        return self._found
