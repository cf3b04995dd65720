# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates of app registrations as PEM, for tests."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_P256, _SM2 = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a811ccf5501822d")


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a new RSA key."""
    return rsa.generate_private_key(65537, bits)


def on_unsupported_curve(pem: str) -> str:
    """Return the same key or certificate of P-256, declared for the curve SM2, which cryptography does not support."""
    def changed(found: re.Match[str]) -> str:
        return f"\n{base64.b64encode(base64.b64decode(found[1]).replace(_P256, _SM2)).decode()}\n-----END"

    return re.sub(r"\n([A-Za-z0-9+/=\s]+)\n-----END", changed, pem)


def key(of: Any, form: PrivateFormat = PrivateFormat.PKCS8, **options: Any) -> str:
    """Return the key as PEM, by default without a passphrase (`encryption`)."""
    text: bytes = of.private_bytes(Encoding.PEM, form, options.get("encryption", NoEncryption()))
    return text.decode()


def certificate(of: Any) -> str:
    """Return a certificate self-signed with this key, valid for a day."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "catalog mail")])
    now = datetime.now(UTC) - timedelta(minutes=5)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(of.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(of, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
