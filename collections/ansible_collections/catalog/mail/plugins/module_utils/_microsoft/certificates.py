# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read certificates and keys for a login; create them for a registration. An edge."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any, List, NamedTuple, Optional, Tuple

from .._core.errors import InputRefused
from .libraries import library

KEY_SIZE = 3072


class Identity(NamedTuple):
    """A private key and its certificate, both in PEM."""

    private_key: str
    certificate: str


class Certificate(NamedTuple):
    """A certificate in DER, with start and end of its validity."""

    der: bytes
    starts: datetime
    ends: datetime


def identity_of(path: str, password: Optional[str]) -> Identity:
    """Read key and certificate from a file in PEM or PKCS#12 (PFX). Raises InputRefused when the file cannot be used."""
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as exc:
        raise InputRefused(
            "login.certificate_file", f"{path} cannot be read ({exc.strerror})",
            "Name a file with the certificate and its private key, in PEM or as PFX") from exc
    secret = password.encode() if password else None
    try:
        key, certificate = _from_pem(content, secret) if b"-----BEGIN" in content else _from_pfx(content, secret)
    except (ValueError, TypeError) as exc:
        raise InputRefused(
            "login.certificate_file", f"{path} contains no private key and certificate that this password opens",
            "Put both into the file, in PEM or as PFX, and give certificate_password where the key is encrypted") from exc
    if not isinstance(key, library("cryptography.hazmat.primitives.asymmetric.rsa").RSAPrivateKey):
        raise InputRefused(
            "login.certificate_file", f"the private key in {path} is not an RSA key, which a login at Entra needs",
            "Create a certificate with an RSA key")
    return Identity(_pem(key), _certificate_pem(certificate))


def _from_pem(content: bytes, secret: Optional[bytes]) -> Tuple[Any, Any]:
    serialization, x509 = library("cryptography.hazmat.primitives.serialization"), library("cryptography.x509")
    text = content.decode("utf-8", "replace")
    key = next((block for block in _blocks(text) if "PRIVATE KEY" in block.split("\n", 1)[0]), None)
    certificate = next((block for block in _blocks(text) if "BEGIN CERTIFICATE" in block.split("\n", 1)[0]), None)
    if key is None or certificate is None:
        raise ValueError("not both")
    encrypted = "ENCRYPTED" in key
    private = serialization.load_pem_private_key(key.encode(), secret if encrypted else None)
    return private, x509.load_pem_x509_certificate(certificate.encode())


def _blocks(text: str) -> List[str]:
    return [found.group(0) + "\n" for found in re.finditer(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", text, re.DOTALL)]


def _from_pfx(content: bytes, secret: Optional[bytes]) -> Tuple[Any, Any]:
    pkcs12 = library("cryptography.hazmat.primitives.serialization.pkcs12")
    key, certificate, _others = pkcs12.load_key_and_certificates(content, secret)
    if key is None or certificate is None:
        raise ValueError("not both")
    return key, certificate


def public_part(field: str, pem: str) -> Certificate:
    """Read the first certificate in a PEM text. Raises InputRefused without one."""
    x509 = library("cryptography.x509")
    found = next((block for block in _blocks(pem) if "BEGIN CERTIFICATE" in block.split("\n", 1)[0]), None)
    try:
        if found is None:
            raise ValueError("none")
        return _public(x509.load_pem_x509_certificate(found.encode()))
    except ValueError as exc:
        raise InputRefused(field, "it is not a certificate in PEM", "Give the text of the certificate, with -----BEGIN") from exc


def new_identity(name: str, starts: datetime, ends: datetime) -> Tuple[Identity, Certificate]:
    """Create an RSA key and a self-signed certificate with the subject ``name``, as Entra accepts them."""
    x509, hashes = library("cryptography.x509"), library("cryptography.hazmat.primitives.hashes")
    rsa = library("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(starts).not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    return Identity(_pem(key), _certificate_pem(certificate)), _public(certificate)


def encoded(certificate: Certificate) -> str:
    """Encode a certificate for Graph: DER in base64."""
    return base64.b64encode(certificate.der).decode("ascii")


def _public(certificate: Any) -> Certificate:
    encoding = library("cryptography.hazmat.primitives.serialization").Encoding
    return Certificate(certificate.public_bytes(encoding.DER), certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _pem(key: Any) -> str:
    serialization = library("cryptography.hazmat.primitives.serialization")
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode("ascii")


def _certificate_pem(certificate: Any) -> str:
    return certificate.public_bytes(library("cryptography.hazmat.primitives.serialization").Encoding.PEM).decode("ascii")
