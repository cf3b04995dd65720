# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch the process list for a secret."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

INTERVAL = 0.01
"""Seconds between two samples."""


@dataclass(frozen=True)
class Sighting:
    """A secret in the command line (`cmdline`) or environment (`environ`) of a process."""

    pid: int
    place: str
    text: str


class SecretWatch:
    """Context manager that looks for secrets in command lines and environments of all processes, about every 10 ms.

    A process that lives for less than that may be missed: let the programs under test take some time. Give the forms in which
    a secret may show (quoted, base64) as further secrets. Processes that were there at the start are read at every tenth
    sample only, as they rarely execute another program.
    """

    def __init__(self, *secrets: str) -> None:
        assert secrets and all(secrets), "an empty secret is everywhere"
        self._secrets = [secret.encode() for secret in secrets]
        self._seen: dict[tuple[int, str], Sighting] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="secret-watch", daemon=True)
        self._old: set[str] = set()
        self.samples = 0
        """Number of samples so far: proof that the watch was running."""
        self.processes = 0
        """Number of processes seen that began during the watch."""
        self._new: set[str] = set()

    def __enter__(self) -> SecretWatch:
        self._old = _processes()
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        self._thread.join()
        self._sample(complete=True)

    @property
    def seen(self) -> list[Sighting]:
        """Return where a secret was, each process and place once, in order."""
        return list(self._seen.values())

    def _run(self) -> None:
        while not self._end.is_set():
            begun = time.monotonic()
            self._sample()
            self._end.wait(max(0.001, INTERVAL - (time.monotonic() - begun)))

    def _sample(self, *, complete: bool = False) -> None:
        current = _processes()
        self._old &= current
        self._new |= current - self._old
        self.processes = len(self._new)
        for name in current if complete or self.samples % 10 == 0 else current - self._old:
            for place in ("cmdline", "environ"):
                self._read(name, place)
        self.samples += 1

    def _read(self, name: str, place: str) -> None:
        try:
            with open(f"/proc/{name}/{place}", "rb") as file:
                content = file.read()
        except OSError:  # ended meanwhile
            return
        if any(secret in content for secret in self._secrets):
            text = content.replace(b"\0", b" ").decode(errors="replace").strip()
            self._seen.setdefault((int(name), place), Sighting(int(name), place, text))


def _processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}
