# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that signs tokens: made once, kept with the rest, published as a JWKS."""

from __future__ import annotations

import base64
import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulator.store import Store


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class SigningKey:
    private: rsa.RSAPrivateKey
    certificate: bytes

    @classmethod
    def kept_in(cls, store: Store) -> SigningKey:
        kept = store.get("setting", "key")
        if kept is None:
            kept = _made()
            store.put("setting", "key", kept)
        private = serialization.load_pem_private_key(kept["private"].encode(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)
        return cls(private, base64.b64decode(kept["certificate"]))

    @property
    def thumbprint(self) -> str:
        return _base64url(hashlib.sha1(self.certificate, usedforsecurity=False).digest())

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.private, "RS256", {"x5t": self.thumbprint, "kid": self.thumbprint})

    def published(self, issuer: str) -> dict[str, Any]:
        numbers = self.private.public_key().public_numbers()
        return {
            "keys": [{
                "kty": "RSA", "use": "sig", "kid": self.thumbprint, "x5t": self.thumbprint, "n": _number(numbers.n),
                "e": _number(numbers.e), "x5c": [base64.b64encode(self.certificate).decode()], "issuer": issuer,
            }]
        }  # fmt: skip


def _made() -> dict[str, str]:
    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500)).sign(private, hashes.SHA256())
    )  # fmt: skip
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {"private": pem.decode(), "certificate": base64.b64encode(der).decode()}
