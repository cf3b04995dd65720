# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the files that appear in folders, to show that a secret is in none of them."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


class FileWatch(threading.Thread):
    """Records the names and content of all files that appear below some folders."""

    def __init__(self, *folders: Path) -> None:
        super().__init__(daemon=True)
        self.folders, self._done = folders, threading.Event()
        self.names: set[str] = set()
        self.contents: set[bytes] = set()

    def run(self) -> None:
        """Look again and again."""
        while not self._done.wait(0.002):
            for folder in self.folders:
                for below, _folders, names in os.walk(folder):
                    for name in names:
                        self.names.add(name)
                        with contextlib.suppress(OSError):  # deleted since
                            self.contents.add((Path(below) / name).read_bytes())

    def end(self) -> None:
        """Stop looking."""
        self._done.set()
        self.join()
