# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Remember secrets that cannot be read back, as salted digests in a file of the host. An edge.

A digest tells whether a task gives the same secret as the last one. It does not tell whether somebody has changed the
secret in the application since then.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Dict

from .._core.file_transaction import workspace, write_private
from .restart_record import FOLDER, record_path

_ROUNDS = 200_000


class SecretDigests:
    """The digests of the secrets that tasks have set in one application."""

    def __init__(self, application: str, place: str, folder: str = FOLDER) -> None:
        self._path = record_path(application, place, folder, "-secrets")

    def matches(self, path: str, secret: str) -> bool:
        """Whether the last task has set this secret at this path."""
        salt, _colon, digest = self._read().get(path, "").partition(":")
        return bool(digest) and _digest(salt, secret) == digest

    def remember(self, path: str, secret: str) -> None:
        """Replace the digest of a path."""
        salt = os.urandom(16).hex()
        found = {**self._read(), path: f"{salt}:{_digest(salt, secret)}"}
        folder = os.path.dirname(self._path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with workspace(folder) as private:
            os.replace(write_private(private, json.dumps(found).encode()), self._path)

    def _read(self) -> Dict[str, str]:
        try:
            with open(self._path, encoding="utf-8") as stream:
                found: Dict[str, str] = json.load(stream)
        except FileNotFoundError:
            return {}
        return found


def _digest(salt: str, secret: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", secret.encode("utf-8", "surrogateescape"), bytes.fromhex(salt), _ROUNDS).hex()
