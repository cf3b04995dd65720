# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The versions that the role runtime installs side by side, and the links to two of them. An edge.

The link ``current`` names the version in use, ``proven`` the one that last became ready.
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
        """Return the path of the link to the version in use."""
        return os.path.join(self._folder, CURRENT)

    def named(self, link: str) -> str:
        """Return the version that a link names; empty when the link does not exist."""
        try:
            return os.readlink(os.path.join(self._folder, link))
        except OSError:
            return ""

    def is_complete(self, version: str) -> bool:
        """Whether a version's installation was completed."""
        return os.path.exists(os.path.join(self._folder, version, ".complete"))

    def point(self, link: str, version: str) -> None:
        """Point a link at a version by a rename, so that the link exists at every moment."""
        aside = os.path.join(self._folder, f".{link}")
        if os.path.lexists(aside):
            os.unlink(aside)
        os.symlink(version, aside)
        os.rename(aside, os.path.join(self._folder, link))
