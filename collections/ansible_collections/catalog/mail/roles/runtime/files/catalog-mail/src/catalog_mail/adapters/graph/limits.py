"""Graph's limits: so many requests at once for one app registration, so many messages a minute for one mailbox.

Beyond them Graph answers 429; within them nobody has to wait for that.
"""

from __future__ import annotations

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


class Full(Exception):
    """No place became free in time."""


class Places:
    """AT_ONCE places, shared by all processes of this host that use the app registration.

    Each is a locked file in the service's folder: a killed process leaves nothing locked. Where there is no such folder, the
    places are this process's own.
    """

    def __init__(self, folder: Path | None, server: GraphServer) -> None:
        name = hashlib.sha256("\n".join(server.application_key).encode()).hexdigest()[:16]
        usable = folder is not None and folder.is_dir() and os.access(folder, os.W_OK)
        self._files = [folder / f"graph-{name}.{number}.lock" for number in range(AT_ONCE)] if folder and usable else []
        self._own = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def place(self, seconds: float) -> Iterator[None]:
        """One of them, as soon as it is free. Raises Full after so many seconds."""
        end = time.monotonic() + seconds
        if not self._own.acquire(timeout=seconds):
            raise Full
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
        if not self._files:
            return None
        while True:
            for file in self._files:
                held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    os.close(held)
                else:
                    return held
            if time.monotonic() > end:
                raise Full
            time.sleep(_LOOK)


class Pace:
    """MESSAGES in any PERIOD, and none while the server wants to be left in peace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()
        self._closed_until = 0.0

    def reserve(self) -> float:
        """Take a turn: 0, or seconds after which to ask again."""
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
        """The server wants so many seconds without us."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
