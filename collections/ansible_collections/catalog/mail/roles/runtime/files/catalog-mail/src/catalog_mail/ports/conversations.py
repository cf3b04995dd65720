"""Where replies go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.replies.reply import Reply


@dataclass(frozen=True)
class Posted:
    """The catalog has the reply. `post_id` where it told one; `already` if it had it before."""

    post_id: str | None = None
    already: bool = False


@dataclass(frozen=True)
class PostRefused:
    """The catalog will not take this reply, now or later. `detail` for the log."""

    detail: str


@dataclass(frozen=True)
class PostFailed:
    """It could not be posted for now. `retry_after` seconds, where the catalog named them.

    `everywhere` says that the next reply would fail in the same way: the catalog is down, throttles, or is not set up.
    """

    detail: str
    retry_after: float | None = None
    everywhere: bool = False


Posting = Posted | PostRefused | PostFailed


class Conversations(Protocol):
    """Where replies go: a catalog's conversations. A reply whose `key` is known there is not posted again."""

    def post(self, replies: Sequence[Reply]) -> Sequence[Posting]:
        """What became of each, in their order. Raises nothing that a catalog could cause."""
