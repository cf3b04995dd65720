# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Track the batches that this process is working on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Running:
    """Limits the number of concurrent batches, and lists them, so that their leases are renewed and a stop waits for their end.

    `ended` is called after each batch, in its thread.
    """

    def __init__(self, work: Callable[[str, Callable[[], bool]], None], concurrency: int, ended: Callable[[str], None]) -> None:
        self._work = work
        self._ended = ended
        self._places = threading.BoundedSemaphore(concurrency)
        self._stopping = threading.Event()
        self._batches: list[str] = []
        self._changed = threading.Condition()

    def work(self, batch: str) -> None:
        """Work on one batch, in a thread of the engine. Never raises: the lease of a failed batch runs out."""
        with self._changed:
            self._batches.append(batch)
        try:
            with self._places:
                self._work(batch, self._stopping.is_set)
            self._ended(batch)
        except Exception:
            # Logged here and not recorded by the engine, since an exception may quote data that its database must not hold.
            log.exception("batch %s was interrupted; what is left of it is tried again", batch)
        finally:
            with self._changed:
                self._batches.remove(batch)
                self._changed.notify_all()

    def batches(self) -> frozenset[str]:
        """Return the batches that have a thread, which works on them or waits for its turn."""
        with self._changed:
            return frozenset(self._batches)

    def stop(self, seconds: float) -> bool:
        """Ask all batches to end, and wait for up to `seconds`; return whether all have ended."""
        self._stopping.set()
        with self._changed:
            return self._changed.wait_for(lambda: not self._batches, seconds)
