# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Write several files: each atomically, and restore all of them when one step fails.

The originals are kept in memory only, so that no copy of a secret is left on a disk.
"""

from __future__ import annotations

import glob
import grp
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Dict, Iterator, Optional, Tuple

from .errors import InputRefused
from .file_facts import FileFacts, FileState

WORKSPACE = ".catalog-mail-"
COOL_DOWN_SECONDS = 3


@dataclass(frozen=True)
class _Original:
    """A file before the transaction; ``content`` is None when the file did not exist."""

    content: Optional[bytes]
    mode: int = 0
    uid: int = 0
    gid: int = 0


class Transaction:
    """Writes and removals of files, which ``roll_back`` undoes byte by byte."""

    def __init__(self, module) -> None:
        self._module = module
        self._originals: Dict[str, _Original] = {}

    def replace(self, path: str, source: str, mode: int, uid: int, gid: int) -> None:
        """Move ``source`` to ``path`` (through a symbolic link), with mode, owner, SELinux context."""
        path = os.path.realpath(path)
        self.remember(path)
        os.chmod(source, mode)
        os.chown(source, uid, gid)
        if os.path.exists(path):
            # atomic_move copies mode and owner of the old file to the new one: set them on the old file first.
            os.chown(path, uid, gid)
            os.chmod(path, mode)
        umask = os.umask(0o077)
        try:
            self._module.atomic_move(source, path)
        finally:
            os.umask(umask)
        os.chown(path, uid, gid)
        os.chmod(path, mode)

    def attributes(self, path: str, mode: int, uid: int, gid: int) -> None:
        """Set mode and owner of a file."""
        path = os.path.realpath(path)
        self.remember(path)
        os.chown(path, uid, gid)
        os.chmod(path, mode)

    def remove(self, path: str) -> None:
        """Remove a file if it exists; of a symbolic link, remove the link."""
        if os.path.lexists(path):
            self.remember(path)
            os.unlink(path)

    def roll_back(self) -> None:
        """Restore every remembered file."""
        for path, original in reversed(list(self._originals.items())):
            if original.content is None:
                if os.path.lexists(path):
                    os.unlink(path)
                continue
            with workspace(os.path.dirname(path)) as directory:
                copy = write_private(directory, original.content)
                self.replace(path, copy, original.mode, original.uid, original.gid)
        self._originals.clear()

    def remember(self, path: str) -> None:
        """Remember a file's present content, mode and owner for ``roll_back``."""
        if path in self._originals:
            return
        if not os.path.exists(path):
            self._originals[path] = _Original(None)
            return
        facts = os.stat(path)
        with open(path, "rb") as stream:
            content = stream.read()
        self._originals[path] = _Original(content, stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid)


@contextmanager
def workspace(directory: str) -> Iterator[str]:
    """Create a private folder on the file system of ``directory``; remove the folders of killed runs first."""
    clear_workspaces(directory)
    path = tempfile.mkdtemp(prefix=f"{WORKSPACE}{os.getpid()}-", dir=directory)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def clear_workspaces(directory: str) -> None:
    """Remove the private folders of killed runs from ``directory``."""
    for path in glob.glob(os.path.join(glob.escape(directory), WORKSPACE + "*")):
        pid = os.path.basename(path)[len(WORKSPACE):].partition("-")[0]
        if not pid.isdigit() or not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(path, ignore_errors=True)


def write_private(directory: str, content: bytes, name: str = "file") -> str:
    """Create a file in a private folder, readable by its owner only; return its path."""
    path = os.path.join(directory, name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    return path


def let_cool_down(path: str) -> None:
    """Set the modification time of a complete file back by COOL_DOWN_SECONDS.

    Postfix waits up to two seconds before it reads a main.cf that was written just now, in
    case the writer has not finished (util/dict.c, "cool down"). This main.cf is renamed into place whole.
    """
    then = time.time() - COOL_DOWN_SECONDS
    os.utime(path, (then, then))


def read_bytes(path: str) -> Optional[bytes]:
    """Return a file's content; None when the file does not exist."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def facts_of(path: str) -> Optional[FileFacts]:
    """Return mode, owner and group of a file; None when the file does not exist."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return FileFacts(
        stat.S_IMODE(found.st_mode), _user_name(found.st_uid), _group_name(found.st_gid), found.st_mtime_ns)


def file_state(path: str) -> Optional[FileState]:
    """Return the state of a file; None when the file does not exist."""
    try:
        with open(path, "rb") as stream:
            found = os.fstat(stream.fileno())
            content = stream.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return _state(found, hashlib.sha256(content).hexdigest())


def attributes_of(path: str) -> Optional[FileState]:
    """Return the state of a file or folder without its content; None when it does not exist."""
    try:
        return _state(os.stat(path), "")
    except (FileNotFoundError, NotADirectoryError):
        return None


def set_attributes(path: str, attributes: str) -> None:
    """Set mode, owner and group, such as ``0640 root:root``. Raises InputRefused when user or group does not exist."""
    mode, _space, names = attributes.partition(" ")
    owner, _colon, group = names.partition(":")
    os.chown(path, *ids_of(owner, group))
    os.chmod(path, int(mode, 8))


def _state(found: os.stat_result, sha256: str) -> FileState:
    return FileState(sha256, stat.S_IMODE(found.st_mode), _user_name(found.st_uid), _group_name(found.st_gid))


def ids_of(owner: str, group: str) -> Tuple[int, int]:
    """Return the ids of a user and a group. Raises InputRefused when one does not exist."""
    try:
        uid = pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise InputRefused("owner", f"there is no user '{owner}'", "Name a user of this host") from None
    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        raise InputRefused("group", f"there is no group '{group}'", "Name a group of this host") from None
    return uid, gid


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
