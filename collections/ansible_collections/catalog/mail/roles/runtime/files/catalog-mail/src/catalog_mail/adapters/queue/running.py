# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the batches of this process, each in a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Running:
    """Limits the number of concurrent batches, and lists them, so that their leases are renewed and a stop waits for their end.

    `work` gets the name of a batch and a function that returns true when it must stop. `freed` is called when there is room for
    another batch.
    """

    def __init__(self, work: Callable[[str, Callable[[], bool]], None], concurrency: int, freed: Callable[[], None]) -> None:
        self._work = work
        self._freed = freed
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._batches: set[str] = set()
        self._changed = threading.Condition()

    def room(self) -> int:
        """Return the number of batches that may begin now."""
        with self._changed:
            return self._concurrency - len(self._batches)

    def begin(self, batch: str) -> None:
        """Begin a batch. Raises RuntimeError when the system has no thread for it."""
        with self._changed:
            self._batches.add(batch)
        try:
            threading.Thread(target=self._run, args=(batch,), name=f"batch-{batch}", daemon=True).start()
        except BaseException:
            self._end(batch)
            raise

    def batches(self) -> frozenset[str]:
        """Return the batches that have a thread."""
        with self._changed:
            return frozenset(self._batches)

    def stop(self, seconds: float) -> bool:
        """Ask all batches to end, and wait for up to `seconds`; return whether all have ended."""
        self._stopping.set()
        with self._changed:
            return self._changed.wait_for(lambda: not self._batches, seconds)

    def _run(self, batch: str) -> None:
        """Work on one batch. Never raises: the lease of a failed batch runs out."""
        try:
            self._work(batch, self._stopping.is_set)
        except Exception:
            log.exception("batch %s was interrupted; what is left of it is tried again", batch)
        finally:
            self._end(batch)
            self._freed()

    def _end(self, batch: str) -> None:
        with self._changed:
            self._batches.discard(batch)
            self._changed.notify_all()
