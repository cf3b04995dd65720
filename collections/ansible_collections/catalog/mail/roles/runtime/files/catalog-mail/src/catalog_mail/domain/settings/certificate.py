"""What a certificate tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True)
class CertificateFacts:
    """`thumbprint` is SHA-1 in capital hexadecimal digits, as Microsoft Entra shows it; it names, and protects nothing."""

    thumbprint: str
    expires_at: datetime


def facts(pem: str | None) -> CertificateFacts | None:
    """Of the first certificate in a text that may hold a private key as well; None where there is none that can be read."""
    begin = (pem or "").find("-----BEGIN CERTIFICATE-----")
    if not pem or begin < 0:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pem[begin:].encode())
        thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303  # Entra's name for it
        return CertificateFacts(thumbprint, certificate.not_valid_after_utc)
    except ValueError:  # also x509.InvalidVersion, and a date that no datetime can hold
        return None
