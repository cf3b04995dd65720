# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep within Graph's limit of concurrent requests of an app registration. Beyond it Graph answers 429 with a pause."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog_mail.adapters.graph.message_rate import NO_DISK
from catalog_mail.domain.settings.servers import GraphServer

# Outlook's part of Graph: "4 concurrent requests" (Graph: throttling limits).
AT_ONCE = 4
_LOOK = 0.02


class NoFreeSlot(Exception):
    """No slot became free within the time limit."""


class RequestSlots:
    """AT_ONCE slots, shared by all processes of this host that use the app registration.

    Each slot is a locked file in the service's folder, so that a killed process leaves no lock. Without a folder the slots belong
    to this process alone.
    """

    def __init__(self, folder: Path | None, server: GraphServer) -> None:
        name = hashlib.sha256("\n".join(server.application_key).encode()).hexdigest()[:16]
        usable = folder is not None and folder.is_dir() and os.access(folder, os.W_OK)
        self._files = [folder / f"graph-{name}.{number}.lock" for number in range(AT_ONCE)] if folder and usable else []
        self._own = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot, as soon as one is free. Raises NoFreeSlot when none is free after `seconds`."""
        end = time.monotonic() + seconds
        if not self._own.acquire(timeout=seconds):
            raise NoFreeSlot
        try:
            held = self._lock_one(end)
            try:
                yield
            finally:
                if held is not None:
                    os.close(held)
        finally:
            self._own.release()

    def _lock_one(self, end: float) -> int | None:
        """Return a locked file; None without files, or on a disk that is full or read-only: only this process's limit counts."""
        if not self._files:
            return None
        while True:
            for file in self._files:
                try:
                    held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                except OSError as error:
                    if error.errno not in NO_DISK:
                        raise
                    return None
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    os.close(held)
                else:
                    return held
            if time.monotonic() > end:
                raise NoFreeSlot
            time.sleep(_LOOK)
