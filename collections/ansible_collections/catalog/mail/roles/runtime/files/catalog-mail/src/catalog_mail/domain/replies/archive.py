"""Which messages leave the mailbox for its archive, and which leave the archive for good. Pure; the clock is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from catalog_mail.domain.replies.mailbox import KEYWORDS, Disposition, Filed

# What was put aside because of a mistake of ours is never dropped: it stays where an administrator finds it.
STAYS = Disposition.QUARANTINED


class Skipped(StrEnum):
    """Why nothing was archived."""

    REPLIES_DISABLED = "replies_disabled"
    ARCHIVE_DISABLED = "archive_disabled"


def to_move(filed: Iterable[Filed], recorded: Mapping[str, Disposition]) -> list[str]:
    """The keys of what is read and was handled: by a keyword of ours, or by what is recorded of its key.

    `recorded` matters where the server keeps no keywords, or somebody has removed them.
    """
    return [message.key for message in filed if message.seen and _is_done(message, recorded.get(message.key))]


def to_expire(archived: Iterable[Filed], now: datetime, keep_days: int) -> list[str]:
    """The keys of what is read, has a keyword of ours, and came so many days ago, by the server's date of arrival.

    What else stands in an archive is somebody else's. A server that keeps no keywords keeps its archive.
    """
    limit = now - timedelta(days=keep_days)
    return [message.key for message in archived if message.seen and _is_done(message, None) and message.received_at < limit]


def is_marked(message: Filed) -> bool:
    """Whether it has a keyword of ours; capitals mean nothing in them (RFC 3501, 2.3.2 with 9)."""
    return bool(_ours(message))


def _is_done(message: Filed, recorded: Disposition | None) -> bool:
    marks = _ours(message)
    if STAYS.keyword.lower() in marks or recorded is STAYS:
        return False
    return bool(marks) or recorded is not None


def _ours(message: Filed) -> frozenset[str]:
    return frozenset(word.lower() for word in message.keywords) & _KEYWORDS


_KEYWORDS = frozenset(keyword.lower() for keyword in KEYWORDS)
