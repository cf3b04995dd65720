# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the stand-in for Alation: one JSON file in the chroot, with encrypted passwords.

Used inside the chroot by the programs beside this file, and from outside by `helpers.service.alation`. The form of this file
and its place are the stand-in's own; a real Alation keeps its settings elsewhere.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

FOLDER = "/var/lib/stand_in"
ENCRYPTED = "encrypted:"
MASK = "********"


class Refused(Exception):
    """A setting that is not taken, with the reason for standard error."""


class UnknownKey(KeyError):
    """A key that is not in the store."""


class Store:
    """The settings in a folder. Both users may read and write them; only `alation` may read the key of the passwords."""

    def __init__(self, folder: str = FOLDER) -> None:
        self.folder = folder

    @property
    def modes(self) -> dict[str, Any]:
        with open(os.path.join(self.folder, "modes.json"), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found

    def read(self, key: str) -> Any:
        """Return a value as stored, an encrypted text for a password. Raises UnknownKey.

        Another writer may change the value just after its first reading.
        """
        with self.changed() as state:
            if key not in state["values"]:
                raise UnknownKey(key)
            value = state["values"][key]
            other = self.modes["other_writer"]
            if other and other[0] == key and not state["other_writer_done"]:
                state["other_writer_done"] = True
                state["values"][key] = self.encoded(key, other[1])
        return value

    def shown(self, key: str) -> str:
        """Return the text that `alation_conf KEY` prints after `KEY = `."""
        value, modes = self.read(key), self.modes
        if key not in modes["password_keys"] or value == "":
            return str(value)
        if modes["passwords_shown"] == "clear" and user() == "alation":
            return self.decrypt(value)
        return MASK if modes["passwords_shown"] == "masked" else str(value)

    def write(self, key: str, text: str) -> None:
        """Store a value as the caller's user. Raises Refused, or UnknownKey for a key that must exist and does not."""
        modes = self.modes
        if key in modes["refused_keys"]:
            raise Refused(f"cannot set {key}: value not allowed")
        if key in modes["password_keys"] and user() != "alation":
            raise Refused(f"cannot set {key}: permission denied for user {user()}")
        with self.changed() as state:
            if key not in state["values"] and modes["unknown_key"] != "creation":
                raise UnknownKey(key)
            if key not in modes["ignored_keys"]:
                state["values"][key] = self.encoded(key, text)

    def decrypted(self, key: str) -> Any:
        """Return a value in clear text. Raises UnknownKey; raises PermissionError for a password unless user is `alation`."""
        value = self.read(key)
        return self.decrypt(value) if key in self.modes["password_keys"] and value else value

    def encoded(self, key: str, text: str) -> Any:
        return self.encrypt(text) if key in self.modes["password_keys"] and text else normalised(key, text, self.modes)

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(16)
        return ENCRYPTED + base64.b64encode(nonce + self._cipher(nonce, text.encode())).decode()

    def decrypt(self, text: str) -> str:
        content = base64.b64decode(text.removeprefix(ENCRYPTED))
        return self._cipher(content[:16], content[16:]).decode()

    def _cipher(self, nonce: bytes, content: bytes) -> bytes:
        """Combine with a stream of SHA-256 blocks. Good enough to keep clear text out of a file of tests, and for no more."""
        with open(os.path.join(self.folder, "key"), "rb") as file:
            key = file.read()
        blocks = (hashlib.sha256(key + nonce + bytes([number])).digest() for number in range(len(content) // 32 + 1))
        return bytes(one ^ other for one, other in zip(content, b"".join(blocks), strict=False))

    def state(self) -> dict[str, Any]:
        with open(os.path.join(self.folder, "state.json"), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found

    @contextlib.contextmanager
    def changed(self) -> Iterator[dict[str, Any]]:
        """Lock the state, hand it out to be changed, and replace the file."""
        lock = os.open(os.path.join(self.folder, "lock"), os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self.state()
            before = json.dumps(state)
            yield state
            if json.dumps(state) != before:
                self.replace(state)
        finally:
            os.close(lock)

    def replace(self, state: dict[str, Any]) -> None:
        path = os.path.join(self.folder, "state.json")
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o660)
            json.dump(state, file, indent=1)
        os.replace(f"{path}.new", path)

    def record(self, kind: str, words: list[str]) -> None:
        """Keep that a command was called: `calls` of alation_conf without values, or `restarts`."""
        with self.changed() as state:
            state[kind].append({"at": time.time(), "user": user(), "words": words})

    def restart(self, groups: list[str]) -> None:
        """Let these groups of processes (`web`, `celery`) use the settings as they are stored now."""
        with self.changed() as state:
            for group in groups:
                state["in_use"][group] = dict(state["values"])


def user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def normalised(key: str, text: str, modes: dict[str, Any]) -> Any:
    """Return a boolean or an integer for a text that looks like one; passwords stay texts."""
    if key in modes["password_keys"]:
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if re.fullmatch(r"0|-?[1-9]\d{0,17}", text) else text
