# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look-up of the mail that a reply answers, when a server replaced the mail's Message-ID.

The reply then names an unknown Message-ID. The mailbox of sent mail has the original one. This module decides whether another
look-up may find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# A server may list sent mail only after some time: for a younger reply the look-up is repeated after this time.
LISTING_DELAY = timedelta(minutes=1)
# While look-ups fail, a reply waits for this time; then it is decided without the original.
LOOKUP_RETRY_TIME = timedelta(hours=1)


@dataclass(frozen=True)
class Original:
    """The result of a look-up. `message_id` is the mail's original Message-ID, None when no such mail was sent.

    `failed`: the look-up failed for now.
    """

    message_id: str | None = None
    failed: bool = False


def look_again_after(original: Original, age: timedelta) -> float | None:
    """Return the least seconds until another look-up may find more about a reply of this age; None to decide it now."""
    if original.message_id is not None:
        return None
    # Clocks differ: an age below zero counts as its absolute value.
    left = ((LOOKUP_RETRY_TIME if original.failed else LISTING_DELAY) - abs(age)).total_seconds()
    if left <= 0:
        return None
    return 0.0 if original.failed else left
