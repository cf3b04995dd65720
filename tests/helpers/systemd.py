# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket on which systemd listens to a service: readiness, stop, and the beats for its watchdog."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.waiting import PATIENCE

BEAT = "WATCHDOG=1"


class NotifySocket:
    """A socket at this path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def next(self) -> str:
        """Wait for the next message and return it."""
        self._socket.settimeout(PATIENCE)
        return self._socket.recv(100).decode()

    def wait_ready(self) -> None:
        """Wait until the service is ready."""
        while self.next() != "READY=1":
            pass

    def waiting(self) -> list[str]:
        """Return the messages that have come and are not read yet."""
        self._socket.setblocking(False)
        found = []
        while True:
            try:
                found.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return found

    def wait_for_beats(self, number: int = 4) -> None:
        """Wait for this many beats from now on."""
        self.waiting()
        assert [self.next() for _beat in range(number)] == [BEAT] * number

    @contextmanager
    def environment(self, seconds: float | None = None) -> Iterator[None]:
        """Set the variables of a service under systemd, for processes that begin now. `seconds`: the time of its watchdog."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NOTIFY_SOCKET", str(self.path))
            if seconds is not None:
                patch.setenv("WATCHDOG_USEC", str(round(seconds * 1_000_000)))
            yield
