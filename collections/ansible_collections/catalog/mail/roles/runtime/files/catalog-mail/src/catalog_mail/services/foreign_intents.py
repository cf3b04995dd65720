# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave messages unread that may be for another installation, for a limited time and in a limited number."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalog_mail.domain.replies.foreign import MOST_LEFT, ForeignIntent, Left, may_stay
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.reply import NotPosted
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.foreign_intents import ForeignIntentStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForeignIntents:
    """Decides which messages stay unread. The store keeps when each was first seen, so that a restart begins no new day."""

    store: ForeignIntentStore
    clock: Clock

    def refused(self, place: Place, found: Mapping[str, ForeignIntent]) -> dict[str, NotPosted]:
        """Return the decisions about those of the messages that may not stay unread; the others stay."""
        if not found:
            return {}
        now = self.clock.now()
        seen = self.store.admit(place, list(found), now, MOST_LEFT)
        refused = {key: decision.otherwise for key, decision in found.items() if not may_stay(seen.get(key), now)}
        for key in found.keys() - refused.keys():
            if seen[key] == now:
                log.warning(
                    "message %s of %s is left unread: no key of this installation signed its intent; another installation "
                    "may read this mailbox",
                    key,
                    place.mailbox,
                )
        return refused

    def retain(self, place: Place, unread: Collection[str]) -> Collection[str]:
        """Forget the messages that are not unread any more; return their keys."""
        return self.store.retain(place, unread)

    def left(self, place: Place) -> Left:
        """Return the messages that are left in this mailbox."""
        return self.store.left(place)
