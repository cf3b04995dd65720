# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands and read files of this host, for the checks that the package shares with the collection."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from catalog_mail.from_collection._diagnosis.host_state import MISSING

# Folders of administration commands, which a user's PATH may lack.
_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_SECONDS = 30
_LARGEST = 1024 * 1024


class LocalHost:
    """Implements `host_state.Host` for this process."""

    @property
    def root(self) -> bool:
        """Whether commands run as root."""
        return os.geteuid() == 0

    def run(self, command: Sequence[str]) -> tuple[int, str, str]:
        """Return status, output and errors of a command."""
        path = shutil.which(command[0], path=os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN]))
        if path is None:
            return MISSING, "", ""
        try:
            done = subprocess.run(
                [path, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return MISSING, "", ""
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def tail(self, path: str) -> str:
        """Return the end of a text file; empty when it cannot be read."""
        try:
            with Path(path).open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LARGEST))
                return stream.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            return ""

    def space(self, path: str) -> tuple[int, int] | None:
        """Return the free and all bytes of a folder's disk."""
        try:
            disk = os.statvfs(path)
        except OSError:
            return None
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
