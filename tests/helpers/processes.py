# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the command lines and environments that processes show to others."""
from __future__ import annotations

import contextlib
import os
import threading


class ProcessWatch:
    """Collects command lines and environments of all processes that start on this machine while it runs, containers included."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._before = set(os.listdir("/proc"))
        self._stop = threading.Event()

    def __enter__(self) -> ProcessWatch:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            for process in set(os.listdir("/proc")) - self._before:
                for name in ("cmdline", "environ"):
                    with contextlib.suppress(OSError), open(f"/proc/{process}/{name}", "rb") as stream:
                        self.seen.add(stream.read())
