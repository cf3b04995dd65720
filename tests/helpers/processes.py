"""What processes show of themselves to others: their command lines and environments."""
from __future__ import annotations

import contextlib
import os
import threading


class ProcessWatch:
    """Command lines and environments of all processes on this machine that begin while it runs, those in containers too."""

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
