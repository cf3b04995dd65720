# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the disk that holds the service's data."""

from __future__ import annotations

import os
from pathlib import Path

from catalog_mail.domain.health import DiskSpace


class FolderDisk:
    """Implements ports.Disk for the disk of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def space(self) -> DiskSpace | None:
        """Return the space that a user without privileges has; None for a folder that cannot be read, or a disk without size."""
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            return None
        if not disk.f_blocks:
            return None
        return DiskSpace(str(self._folder), disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
