# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversations in which replies are posted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.replies.reply import Reply


@dataclass(frozen=True)
class Posted:
    """The catalog has the reply. `post_id` is None when the catalog returned none; `already`: the reply was posted before."""

    post_id: str | None = None
    already: bool = False


@dataclass(frozen=True)
class PostRefused:
    """The catalog rejected the reply for good. `detail` is for the log."""

    detail: str


@dataclass(frozen=True)
class PostFailed:
    """The reply could not be posted for now. `retry_after` is in seconds, None when the catalog named no time.

    `everywhere` is true when the next reply would fail in the same way: the catalog is down, throttles, or is not set up.
    """

    detail: str
    retry_after: float | None = None
    everywhere: bool = False


Posting = Posted | PostRefused | PostFailed


@dataclass(frozen=True)
class Batch:
    """Replies whose posts have begun; both functions must be called, in this order.

    `wait` waits for the posts, and returns the result of each, in their order. The next batch may begin from then on, before
    `record`, which stores what was posted.
    """

    wait: Callable[[], Sequence[Posting]]
    record: Callable[[], None] = lambda: None


class Conversations(Protocol):
    """A catalog's conversations. A reply whose `key` the catalog knows is not posted again."""

    def begin(self, replies: Sequence[Reply]) -> Batch:
        """Begin to post replies. Errors of the catalog are results, not exceptions."""
