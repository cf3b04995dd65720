"""Keys and certificates of app registrations as PEM, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def new_key() -> rsa.RSAPrivateKey:
    """An RSA key."""
    return rsa.generate_private_key(65537, 2048)


def key(of: Any, form: PrivateFormat = PrivateFormat.PKCS8, **options: Any) -> str:
    """Its PEM, by default without a passphrase (`encryption`)."""
    text: bytes = of.private_bytes(Encoding.PEM, form, options.get("encryption", NoEncryption()))
    return text.decode()


def certificate(of: Any) -> str:
    """A certificate that this key has signed for itself, good for a day."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "catalog mail")])
    now = datetime.now(UTC) - timedelta(minutes=5)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(of.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(of, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
