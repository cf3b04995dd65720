# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep within Exchange Online's limit of messages a minute of a mailbox, in all processes of a host."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog_mail.domain.settings.servers import GraphServer

# Exchange Online: 30 messages a minute.
MESSAGES = 30
PERIOD = 60.0
# The time of the last change, the end of the pause that the server asks for, the times of the last messages; 0 for none. Seconds
# of the monotonic clock, which is the same in all processes of a host until it starts again.
_CONTENT = struct.Struct(f"={2 + MESSAGES}d")
# A disk that takes no new file, or no change of one.
NO_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass
class _Times:
    closed_until: float
    messages: list[float]


class MessageRate:
    """Limits a mailbox to MESSAGES in any PERIOD, and to none during a pause that the server asks for.

    The times are in a file of the service's folder, and outlive a restart. Without a folder, or on a disk that is full or
    read-only when the file is made, they belong to this process alone.
    """

    def __init__(self, folder: Path | None, server: GraphServer) -> None:
        name = hashlib.sha256("\n".join(server.identity_key).encode()).hexdigest()[:16]
        self._file = _open(folder / f"graph-{name}.rate" if folder else None)
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Reserve a turn: returns 0, or the seconds after which to ask again."""
        with self._times() as (times, now):
            recent = [taken for taken in times.messages if taken > now - PERIOD]
            wait = times.closed_until - now
            if len(recent) >= MESSAGES:
                wait = max(wait, recent[0] + PERIOD - now)
            if wait > 0:
                return wait
            times.messages = [*recent, now]
            return 0.0

    def close(self, seconds: float) -> None:
        """Pause for as many seconds as the server asks for."""
        with self._times() as (times, now):
            times.closed_until = max(times.closed_until, now + seconds)

    @contextlib.contextmanager
    def _times(self) -> Iterator[tuple[_Times, float]]:
        """Read the times and the present one, and write the times back, while no other thread or process does."""
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                now = time.monotonic()
                times = _read(self._file, now)
                yield times, now
                _write(self._file, times, now)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


def _open(file: Path | None) -> int:
    if file and os.access(file.parent, os.W_OK):
        try:
            return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in NO_DISK:
                raise
    return os.memfd_create("graph.rate")


def _read(file: int, now: float) -> _Times:
    """Return the times; none from before the last start of the host, or from a file that is new or damaged."""
    content = os.pread(file, _CONTENT.size, 0)
    changed, closed_until, *messages = _CONTENT.unpack(content) if len(content) == _CONTENT.size else [0.0] * (2 + MESSAGES)
    if not changed <= now:
        return _Times(0.0, [])
    return _Times(closed_until, sorted(taken for taken in messages if 0 < taken <= now))


def _write(file: int, times: _Times, now: float) -> None:
    messages = times.messages[-MESSAGES:]
    empty = [0.0] * (MESSAGES - len(messages))
    try:
        os.pwrite(file, _CONTENT.pack(now, times.closed_until, *messages, *empty), 0)
    except OSError as error:
        if error.errno not in NO_DISK:
            raise
