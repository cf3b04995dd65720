# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that signs tokens: made once, kept with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.store import Store


@dataclass(frozen=True)
class SigningKey:
    private: rsa.RSAPrivateKey

    @classmethod
    def kept_in(cls, store: Store) -> SigningKey:
        kept = store.get("setting", "key")
        if kept is None:
            kept = {"private": _made()}
            store.put("setting", "key", kept)
        private = serialization.load_pem_private_key(kept["private"].encode(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)
        return cls(private)

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.private, "RS256")


def _made() -> str:
    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
