# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the messages to move to the archive, and the archived messages to delete. Pure; callers pass in the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from catalog_mail.domain.replies.mailbox import KEYWORDS, Disposition, Filed

# A message that the service failed to decide is never moved or deleted, so that an administrator finds it.
STAYS = Disposition.QUARANTINED


class Skipped(StrEnum):
    """The reason why nothing was archived."""

    REPLIES_DISABLED = "replies_disabled"
    ARCHIVE_DISABLED = "archive_disabled"


def to_move(filed: Iterable[Filed], recorded: Mapping[str, Disposition]) -> list[str]:
    """Return the keys of read messages that were handled, as the service's keyword or the record of the key shows.

    `recorded` is needed when the server stores no keywords, or a user removed them.
    """
    return [message.key for message in filed if message.seen and _is_done(message, recorded.get(message.key))]


def to_expire(archived: Iterable[Filed], now: datetime, keep_days: int) -> list[str]:
    """Return the keys of read messages with the service's keyword that arrived more than `keep_days` ago.

    Other messages of the archive are not the service's. With a server that stores no keywords, nothing is deleted.
    """
    limit = now - timedelta(days=keep_days)
    return [message.key for message in archived if message.seen and _is_done(message, None) and message.received_at < limit]


def is_marked(message: Filed) -> bool:
    """Return whether a message has the service's keyword; keywords ignore case (RFC 3501, 2.3.2 with 9)."""
    return bool(_own_keywords(message))


def _is_done(message: Filed, recorded: Disposition | None) -> bool:
    marks = _own_keywords(message)
    if STAYS.keyword.lower() in marks or recorded is STAYS:
        return False
    return bool(marks) or recorded is not None


def _own_keywords(message: Filed) -> frozenset[str]:
    return frozenset(word.lower() for word in message.keywords) & _KEYWORDS


_KEYWORDS = frozenset(keyword.lower() for keyword in KEYWORDS)
