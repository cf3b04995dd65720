# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create files that hold a secret: complete or not at all, and readable by others at no time."""

from __future__ import annotations

import contextlib
import grp
import os
import tempfile
from pathlib import Path

from catalog_mail.domain.errors import Misconfigured


def create(path: Path, content: str, *, group: str | None = None) -> bool:
    """Create a file, mode 0600, or 0640 for a group; False if it exists already. Raises Misconfigured."""
    if path.exists():
        return False
    gid = _group(group) if group else None
    try:
        return _create(path, content, gid)
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be written: {error.strerror}.",
            "Create its folder, writable by the user of this command, on a disk with free space.",
        ) from error


def _create(path: Path, content: str, gid: int | None) -> bool:
    """Create the file as `create` does. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            if gid is not None:
                os.fchown(handle, -1, gid)
                os.fchmod(handle, 0o640)
            file.write(content)
            file.flush()
            os.fsync(handle)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # unlike a rename, a link never replaces an existing file
            return True
        return False
    finally:
        os.unlink(temporary)


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise Misconfigured(f"There is no group {name!r} on this host.", "Run the role 'application' to create it.") from error
