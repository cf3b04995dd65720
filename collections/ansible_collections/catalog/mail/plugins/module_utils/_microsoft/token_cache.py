# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Cache the access token of a play, so that its tasks share one token. An edge.

The cache is a file in memory (in the user's runtime directory or /dev/shm), of mode 0600, encrypted with a key derived
from the credential: the file is useless without the credential, with which a token can be requested anyway. The file is
named after the process of ansible-playbook, found among the parents of this process, and after the login. Without such
a process, or without /proc, nothing is cached.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from typing import Any, Dict, Optional

from .libraries import library

PREFIX = "catalog-mail-token-"
RUNNERS = ("ansible-playbook", "ansible", "ansible-console")
MARGIN = 300
"""Seconds before its expiry from which on a token is not used."""


class TokenCache:
    """The cache of one token. ``identity`` names the login, ``credential`` is the secret that encrypts the token."""

    def __init__(self, identity: str, credential: bytes) -> None:
        folder, play = _folder(), _play()
        self._path = None
        if folder and play:
            digest = hashlib.sha256(f"{play}\0{identity}".encode()).hexdigest()[:24]
            self._path = os.path.join(folder, f"{PREFIX}{play}-{digest}")
        self._identity, self._credential = identity, credential

    def read(self) -> Optional[str]:
        """Return the token of an earlier task; None without a usable one."""
        content = _read(self._path) if self._path else None
        if not content:
            return None
        try:
            found = json.loads(self._fernet().decrypt(content))
        except (library("cryptography.fernet").InvalidToken, ValueError):
            return None
        return found["token"] if found["expires_at"] - MARGIN > time.time() else None

    def write(self, token: str, seconds: float) -> None:
        """Cache a token that is valid for ``seconds``. Errors are ignored."""
        if not self._path:
            return
        content = self._fernet().encrypt(json.dumps({"token": token, "expires_at": time.time() + seconds}).encode())
        with contextlib.suppress(OSError):
            _replace(self._path, content)
            _remove_of_dead_plays(os.path.dirname(self._path))

    def forget(self) -> None:
        """Remove the token from the cache."""
        if self._path:
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def _fernet(self) -> Any:
        hkdf, hashes = library("cryptography.hazmat.primitives.kdf.hkdf"), library("cryptography.hazmat.primitives.hashes")
        derived = hkdf.HKDF(hashes.SHA256(), 32, salt=None, info=b"catalog.mail token\0" + self._identity.encode())
        return library("cryptography.fernet").Fernet(base64.urlsafe_b64encode(derived.derive(self._credential)))


def _folder() -> Optional[str]:
    """Return a folder in memory, preferably the user's own; None without one."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    for folder in (own, "/dev/shm"):  # noqa: S108 -- sticky, and the files in it are checked
        if os.path.isabs(folder) and os.path.isdir(folder) and os.access(folder, os.W_OK):
            return folder
    return None


def _read(path: str) -> Optional[bytes]:
    """Return the content of a file that only this user can read and write; None for any other file."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(number, "rb") as stream:
        found = os.fstat(number)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        return stream.read(65536) if ours else None


def _replace(path: str, content: bytes) -> None:
    """Write a file atomically; mkstemp sets mode 0600."""
    number, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f"{os.path.basename(path)}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _remove_of_dead_plays(folder: str) -> None:
    """Remove this user's files of ended plays. Those of other users are protected by the folder's sticky bit or owner."""
    for name in os.listdir(folder):
        parts = name[len(PREFIX):].split("-") if name.startswith(PREFIX) else []
        if len(parts) >= 2 and _process(parts[0]).get("start") != parts[1]:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))


def _play() -> Optional[str]:
    """Return process id and start time of the outermost Ansible process among the parents of this process."""
    found, pid = None, str(os.getpid())
    while pid not in ("0", "1", ""):
        process = _process(pid)
        if process.get("runner"):
            found = f"{pid}-{process['start']}"
        pid = process.get("parent", "")
    return found


def _process(pid: str) -> Dict[str, Any]:
    """Return a process's parent, start time and whether it is Ansible; empty without it or without /proc. See proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            fields = stream.read().rpartition(")")[2].split()
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = stream.read().split(b"\0")[:4]
    except (OSError, ValueError):
        return {}
    names = {os.path.basename(word).decode("utf-8", "replace") for word in words}
    return {"parent": fields[1], "start": fields[19], "runner": bool(names & set(RUNNERS))}
