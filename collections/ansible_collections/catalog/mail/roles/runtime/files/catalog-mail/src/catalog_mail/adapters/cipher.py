# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypt stored secrets with a key that only the service reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from catalog_mail.domain.errors import Misconfigured


def new_key() -> str:
    """Return a new key for the key file: 256 random bits in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


class Cipher:
    """Fernet (AES-128-CBC with HMAC-SHA256). The first key encrypts, every key decrypts, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError when a key is not valid."""
        self._keys = [key.encode("ascii") for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in self._keys])

    @classmethod
    def from_file(cls, path: Path) -> Cipher:
        """Read the keys of a file, one a line. Raises Misconfigured; its text never quotes a key."""
        try:
            lines = path.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise Misconfigured(
                f"The key file {path} cannot be read: {reason}.",
                "Run 'catalog-mail key' if there was never one; else restore it, readable by the service's group (mode 0640).",
                field="key_file",
            ) from error
        try:
            return cls(lines)
        except ValueError:
            raise Misconfigured(
                f"The key file {path} does not hold keys.",
                "Restore it from a backup, or remove it, run 'catalog-mail key', and give the stored secrets again.",
                field="key_file",
            ) from None

    def encrypt(self, text: str) -> bytes:
        """Return a ciphertext, which differs each time."""
        return self._fernet.encrypt(text.encode("utf-8"))

    def decrypt(self, ciphertext: bytes) -> str | None:
        """Return the text, or None when no key decrypts it."""
        try:
            return self._fernet.decrypt(ciphertext).decode("utf-8")
        except InvalidToken:
            return None

    def derived(self, purpose: bytes) -> list[bytes]:
        """Derive 256-bit keys for another purpose such as signing, one from each key, in the same order (RFC 5869)."""
        return [HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key) for key in self._keys]
