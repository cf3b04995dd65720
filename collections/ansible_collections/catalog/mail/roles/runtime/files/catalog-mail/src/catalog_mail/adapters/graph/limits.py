# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep within Graph's limits: concurrent requests of an app registration, messages a minute of a mailbox.

Beyond them Graph answers 429 with a pause.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog_mail.domain.settings.servers import GraphServer

# Outlook's part of Graph: "4 concurrent requests" (Graph: throttling limits); Exchange Online: 30 messages a minute.
AT_ONCE = 4
MESSAGES = 30
PERIOD = 60.0
_LOOK = 0.02
# A disk that takes no new file.
_NO_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


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
                    if error.errno not in _NO_DISK:
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


class MessageRate:
    """Limits a mailbox to MESSAGES in any PERIOD, and to none during a pause that the server asks for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()
        self._closed_until = 0.0

    def reserve(self) -> float:
        """Reserve a turn: returns 0, or the seconds after which to ask again."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0] <= now - PERIOD:
                self._taken.popleft()
            wait = self._closed_until - now
            if len(self._taken) >= MESSAGES:
                wait = max(wait, self._taken[0] + PERIOD - now)
            if wait > 0:
                return wait
            self._taken.append(now)
            return 0.0

    def close(self, seconds: float) -> None:
        """Pause for as many seconds as the server asks for."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
