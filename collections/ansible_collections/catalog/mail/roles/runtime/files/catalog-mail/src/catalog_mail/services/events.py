# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let many clients wait for events with one question to the database a second, and without a thread for each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_mail.domain.events import Event
from catalog_mail.ports.events import EventStore

log = logging.getLogger(__name__)

# The most events of one answer.
LIMIT = 100
# Clients that wait at once; the one that has waited longest is answered when another comes.
MOST_WAITING = 100
Leaving = Callable[[], Coroutine[Any, Any, None]]
"""Returns when the client has closed its connection."""
# Seconds between two questions to the database while a client waits.
_INTERVAL = 1.0


@dataclass(frozen=True)
class Found:
    """The events after some id, oldest first, and the id after which the next ones come."""

    events: Sequence[Event]
    next: int


@dataclass(eq=False)
class _Client:
    """A client that waits for events with an id after `after`."""

    after: int
    answer: asyncio.Future[Sequence[Event]]


@dataclass
class EventStream:
    """Serves the clients of one process; all methods run in its event loop."""

    store: EventStore
    interval: float = _INTERVAL
    _clients: list[_Client] = field(default_factory=list)
    _asking: asyncio.Task[None] | None = None
    _closed: bool = False

    async def after(self, after: int | None, seconds: float, gone: Leaving) -> Found:
        """Return the events after this id (None: those to come), as soon as there are any, at the latest after `seconds`.

        Ends early when the client is gone or the service stops. An id that no event has had yet counts as the newest one. Raises
        StorageFailed.
        """
        last = await asyncio.to_thread(self.store.last)
        start = last if after is None else min(after, last)
        found = await asyncio.to_thread(self.store.events, start, limit=LIMIT) if start < last else ()
        if not found and seconds > 0 and not self._closed:
            found = await self._wait(start, seconds, gone)
        return Found(found, found[-1].id if found else start)

    def close(self) -> None:
        """Answer all clients, since the service stops."""
        self._closed = True
        for client in list(self._clients):
            self._answer(client, ())

    async def _wait(self, start: int, seconds: float, gone: Leaving) -> Sequence[Event]:
        client = _Client(start, asyncio.get_running_loop().create_future())
        if len(self._clients) >= MOST_WAITING:
            self._answer(self._clients[0], ())
        self._clients.append(client)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        leaving = asyncio.create_task(gone())
        waited: set[asyncio.Future[Any]] = {client.answer, leaving}
        try:
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return client.answer.result() if client.answer.done() else ()
        finally:
            leaving.cancel()
            self._answer(client, ())

    def _answer(self, client: _Client, events: Sequence[Event]) -> None:
        """Answer a client, once, and forget it."""
        if client in self._clients:
            self._clients.remove(client)
        if not client.answer.done():
            client.answer.set_result(events)

    async def _ask(self) -> None:
        """Look for events as long as a client waits. No client waits for an event that was there when it came."""
        while self._clients:
            try:
                first = min(client.after for client in self._clients)
                found = await asyncio.to_thread(self.store.events, first, limit=LIMIT)
            except Exception as error:  # of the database; the clients wait on
                log.warning("events cannot be read at present (%s)", type(error).__name__)
                found = ()
            for client in list(self._clients):
                if news := [event for event in found if event.id > client.after]:
                    self._answer(client, news)
            await asyncio.sleep(self.interval)
