# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The versions that role runtime installs side by side, and the links that name two of them. An edge.

The link ``current`` names the version in use, ``proven`` the one that was last seen working.
"""

from __future__ import annotations

import os

CURRENT = "current"
PROVEN = "proven"


class RuntimeVersions:
    """The versions in one folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def current_link(self) -> str:
        """The path of the link that names the version in use."""
        return os.path.join(self._folder, CURRENT)

    def named(self, link: str) -> str:
        """The version that a link names; empty where there is no such link."""
        try:
            return os.readlink(os.path.join(self._folder, link))
        except OSError:
            return ""

    def is_complete(self, version: str) -> bool:
        """Whether a version was installed to its end."""
        return os.path.exists(os.path.join(self._folder, version, ".complete"))

    def point(self, link: str, version: str) -> None:
        """Have a link name a version, by a rename, so that it always names one."""
        aside = os.path.join(self._folder, f".{link}")
        if os.path.lexists(aside):
            os.unlink(aside)
        os.symlink(version, aside)
        os.rename(aside, os.path.join(self._folder, link))
