# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The versions that the role runtime installs side by side, and the links to two of them. An edge.

The link ``current`` names the version in use, ``proven`` the one that last became ready. A version is complete when its
file ``.complete`` exists. That file holds a digest of the attributes of all files of the version, which shows later
whether one of them was removed or changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Iterator, List

CURRENT = "current"
PROVEN = "proven"
COMPLETE = ".complete"
_CACHE = "__pycache__"


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
        return link_target(os.path.join(self._folder, link))

    def complete(self) -> List[str]:
        """Return the versions whose installation was completed, sorted; the links to versions do not count."""
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:
            return []
        return [name for name in names if not os.path.islink(os.path.join(self._folder, name)) and self.is_complete(name)]

    def is_complete(self, version: str) -> bool:
        """Whether a version's installation was completed."""
        return os.path.exists(os.path.join(self._folder, version, COMPLETE))

    def is_intact(self, version: str, unknown: bool) -> bool:
        """Whether the files of a complete version are as they were installed; ``unknown`` without a recorded digest."""
        path = os.path.join(self._folder, version)
        with open(os.path.join(path, COMPLETE), encoding="ascii", errors="replace") as stream:
            recorded = stream.read().strip()
        return recorded == digest(path) if recorded else unknown

    def point(self, link: str, version: str) -> None:
        """Point a link at a version by a rename, so that the link exists at every moment."""
        replace_link(os.path.join(self._folder, link), version, os.path.join(self._folder, f".{link}"))


def link_target(path: str) -> str:
    """Return the target of a symbolic link; empty when there is none."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def replace_link(path: str, target: str, aside: str) -> None:
    """Make a symbolic link, in place of what is there, by a rename of ``aside``."""
    if os.path.lexists(aside):
        os.unlink(aside)
    os.symlink(target, aside)
    os.rename(aside, path)


def digest(folder: str) -> str:
    """Return a digest of the attributes of all files below a folder, except compiled ones and the file of the digest.

    Times count in whole seconds, since copies of a disk keep no smaller ones. Content is not read: that of a virtual
    environment has 50 MB.
    """
    return hashlib.sha256("\n".join(sorted(_attributes(folder, folder))).encode("utf-8", "surrogateescape")).hexdigest()


def _attributes(folder: str, top: str) -> Iterator[str]:
    """Yield a line of attributes for the folder and for everything in it."""
    with os.scandir(folder) as entries:
        found = list(entries)
    own = os.lstat(folder)
    yield f"{os.path.relpath(folder, top)} {own.st_mode:o} {own.st_uid} {own.st_gid}"
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != _CACHE:
                yield from _attributes(entry.path, top)
        elif entry.path != os.path.join(top, COMPLETE):
            facts = entry.stat(follow_symlinks=False)
            rest = link_target(entry.path) if stat.S_ISLNK(facts.st_mode) else f"{facts.st_size} {int(facts.st_mtime)}"
            yield f"{entry.path[len(top):]} {facts.st_mode:o} {facts.st_uid} {facts.st_gid} {rest}"
