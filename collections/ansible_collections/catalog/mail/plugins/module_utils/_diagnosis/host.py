# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Run commands and read files of the host that a module runs on. An edge."""

from __future__ import annotations

import os
from typing import Optional, Sequence, Tuple

from .._mail.postfix_tracking import SBIN, tail
from .host_state import MISSING


class ModuleHost:
    """Implements ``host_state.Host`` for a module."""

    def __init__(self, module) -> None:
        self._module = module

    @property
    def root(self) -> bool:
        """Whether the module runs as root."""
        return os.geteuid() == 0

    def run(self, command: Sequence[str]) -> Tuple[int, str, str]:
        """Return status, output and errors of a command."""
        path = self._module.get_bin_path(command[0], opt_dirs=SBIN)
        if not path:
            return MISSING, "", ""
        code, out, err = self._module.run_command([path, *command[1:]], environ_update={"LC_ALL": "C"}, errors="replace")
        return code, out, err

    def tail(self, path: str) -> str:
        """Return the end of a text file; empty when it cannot be read."""
        return tail(path)

    def space(self, path: str) -> Optional[Tuple[int, int]]:
        """Return the free and all bytes of a folder's disk."""
        try:
            disk = os.statvfs(path)
        except OSError:
            return None
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
