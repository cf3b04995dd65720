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


class Conversations(Protocol):
    """A catalog's conversations. A reply whose `key` the catalog knows is not posted again."""

    def begin(self, replies: Sequence[Reply]) -> Callable[[], Sequence[Posting]]:
        """Begin to post replies; return the function that ends it, which must be called before the next batch.

        It waits, and returns the result of each reply, in their order. Errors of the catalog are results, not exceptions.
        """
