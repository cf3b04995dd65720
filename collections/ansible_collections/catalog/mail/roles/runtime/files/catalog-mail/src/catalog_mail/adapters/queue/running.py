# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The batches that this process works on this moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Running:
    """Lets so many at a time work, and counts them, so that a stop can wait for their end."""

    def __init__(self, work: Callable[[str, Callable[[], bool]], None], concurrency: int) -> None:
        self._work = work
        self._places = threading.BoundedSemaphore(concurrency)
        self._stopping = threading.Event()
        self._count = 0
        self._changed = threading.Condition()

    def work(self, batch: str) -> None:
        """Work on one; called by the engine in a thread of its own. Never raises: what is left undone is found again."""
        with self._changed:
            self._count += 1
        try:
            with self._places:
                self._work(batch, self._stopping.is_set)
        except Exception:
            # Not recorded by the engine, whose database is no place for what an exception may quote.
            log.exception("batch %s was interrupted; what is left of it is tried again", batch)
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def stop(self, seconds: float) -> bool:
        """Ask all to end, and wait for it so long. Returns whether all have ended."""
        self._stopping.set()
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
