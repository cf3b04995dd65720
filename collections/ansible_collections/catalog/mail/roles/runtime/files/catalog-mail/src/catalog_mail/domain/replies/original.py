"""The mail that a reply answers, where a server gave it another Message-ID: then the reply names one that is not ours.

Our own is found where the mail was kept when it was sent. What that look-up tells, and for how long it is worth another one, is
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# What was sent may not be listed at once: a reply that is as young is looked at again, once it is not.
APPEARS = timedelta(minutes=1)
# While looking fails, a reply waits for so long; then it is decided by what it says itself.
MENDS = timedelta(hours=1)


@dataclass(frozen=True)
class Original:
    """What was found of one mail. `message_id` is the one that we wrote it with; None: it is none of ours.

    `failed` says that this could not be found out, for now.
    """

    message_id: str | None = None
    failed: bool = False


def look_again_after(original: Original, age: timedelta) -> float | None:
    """Seconds until another look may tell more about a reply of this age, at least; None: it is decided now."""
    if original.message_id is not None:
        return None
    # Clocks differ: what seems to come from the future is taken for as old.
    left = ((MENDS if original.failed else APPEARS) - abs(age)).total_seconds()
    if left <= 0:
        return None
    return 0.0 if original.failed else left
