# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read thumbprint and expiry date of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True)
class CertificateFacts:
    """`thumbprint` is SHA-1 in capital hexadecimal digits, as Microsoft Entra shows it; it only identifies the certificate."""

    thumbprint: str
    expires_at: datetime


def facts(pem: str | None) -> CertificateFacts | None:
    """Read the first certificate in a PEM text, which may also hold a private key; None when there is no valid certificate."""
    begin = (pem or "").find("-----BEGIN CERTIFICATE-----")
    if not pem or begin < 0:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pem[begin:].encode())
        thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303  # Entra identifies certificates by SHA-1
        return CertificateFacts(thumbprint, certificate.not_valid_after_utc)
    except ValueError:  # also x509.InvalidVersion, and a date beyond the range of datetime
        return None
