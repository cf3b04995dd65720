# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replicas: a write is seen by one of them at once, by the others later, and each read asks another one.

Microsoft promises no time (facts: minutes happen). Reads that flap between old and new are what a client has to live with.
Lists of messages can be told to do the same.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator.clock import Clock
from emulator.store import Document, Store

DIRECTORY = ("application", "servicePrincipal", "appRoleAssignment", "user")
# What is seen late where that is asked for: lists of messages; a message that is asked for by its id is as it is.
MESSAGE = "message"
KINDS = (*DIRECTORY, MESSAGE)


@dataclass(frozen=True)
class Lag:
    """The delay of the last replica, in requests (to Graph or the token endpoint) and in seconds; both must pass.

    `replicas` is how many there are: the first sees a write at once, the last after the whole lag, those between after a part
    of it. One replica alone has the whole lag, so that reads do not flap. `kinds` lag; `token_requests` is the lag of what the
    token endpoint reads (applications and their secrets), by default the same. `uneven` gives each document a part of the lag
    of its own, so that what was written later may be seen earlier.
    """

    requests: int = 0
    seconds: float = 0.0
    replicas: int = 3
    kinds: tuple[str, ...] = DIRECTORY
    token_requests: int | None = None
    uneven: bool = False

    def part(self, replica: int) -> float:
        return 1.0 if self.replicas < 2 else replica / (self.replicas - 1)

    def share(self, key: str) -> float:
        """A document's own part of the lag: all of it, or a quarter to all."""
        return 0.25 * (1 + zlib.crc32(key.encode()) % 4) if self.uneven else 1.0

    def of_tokens(self) -> Lag:
        """Return the lag of the token endpoint: that of one replica, without parts."""
        return Lag(
            requests=self.requests if self.token_requests is None else self.token_requests,
            seconds=self.seconds,
            replicas=1,
            kinds=self.kinds,
            uneven=self.uneven,
        )


@dataclass(frozen=True)
class _Write:
    """At which request and when a document was written, and what it was before."""

    request: int
    at: float
    before: Document | None


@dataclass
class Replication:
    """Remembers what documents were, as long as there is a lag."""

    store: Store
    clock: Clock
    lag: Lag | None = None
    request: int = 0
    _writes: dict[tuple[str, str], list[_Write]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.store.before_write = self._remember

    def lags(self, kind: str) -> bool:
        return self.lag is not None and kind in self.lag.kinds

    def set(self, lag: Lag | None) -> None:
        self.lag = lag
        self._writes.clear()

    def next_view(self) -> View:
        """Return the view of the replica that answers the next request."""
        self.request += 1
        replica = self.request % self.lag.replicas if self.lag else 0
        return View(self, self.lag, replica)

    def token_view(self) -> View:
        self.request += 1
        return View(self, self.lag.of_tokens() if self.lag else None, 0)

    def _remember(self, kind: str, key: str, before: Document | None) -> None:
        if self.lag and kind in self.lag.kinds:
            self._writes[kind, key].append(_Write(self.request, self.clock.seconds(), before))

    def seen(self, kind: str, key: str, lag: Lag | None, replica: int) -> Document | None:
        """The document as this replica has it."""
        document = self.store.get(kind, key)
        if lag is None:
            return document
        part = lag.part(replica) * lag.share(key)
        requests, seconds = lag.requests * part, lag.seconds * part
        for write in reversed(self._writes.get((kind, key), [])):
            if self.request - write.request > requests and self.clock.seconds() - write.at >= seconds:
                break
            if requests == 0 and seconds == 0:
                break
            document = dict(write.before) if write.before else None
        return document

    def keys(self, kind: str) -> list[str]:
        """Also of what has been deleted and may still be seen."""
        known = self.store.keys(kind)
        return known + [key for other, key in self._writes if other == kind and key not in known]


@dataclass(frozen=True)
class View:
    """The directory as one request sees it."""

    replication: Replication
    lag: Lag | None
    replica: int

    def get(self, kind: str, key: str) -> Document | None:
        return self.replication.seen(kind, key, self.lag, self.replica)

    def all(self, kind: str, **having: Any) -> Iterator[Document]:
        """All of a kind whose properties have these values, in the order of their making."""
        for key in self.replication.keys(kind):
            document = self.get(kind, key)
            if document is not None and all(document.get(name) == value for name, value in having.items()):
                yield document

    def first(self, kind: str, **having: Any) -> Document | None:
        return next(self.all(kind, **having), None)
