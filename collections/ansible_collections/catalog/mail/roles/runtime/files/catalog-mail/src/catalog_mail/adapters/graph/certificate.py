# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the certificate of an app registration: one PEM text with the private key and its certificate."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_KEY = re.compile(r"-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

# Smallest key size in bits; smaller keys are no longer secure (NIST SP 800-131A).
SMALLEST = 2048


class Unusable(Exception):
    """The PEM text cannot be used; the argument completes "cannot be used: ..."."""


def parts(pem: str) -> dict[str, str]:
    """Return the key and its certificate in the form of msal's parameters. Raises Unusable."""
    found = _KEY.search(pem)
    if not found:
        raise Unusable("there is no private key in it")
    private = _private_key(found[0])
    for certificate in _CERTIFICATE.findall(pem):
        if _public_key(certificate) == private.public_key():
            return {"private_key": found[0], "public_certificate": certificate}
    raise Unusable("there is no certificate of this key in it")


def _public_key(certificate: str) -> object:
    """Return the public key; None for a kind of key that is not known here, which cannot be RSA."""
    try:
        return x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except UnsupportedAlgorithm:
        return None
    except ValueError as error:
        raise Unusable("a certificate in it is damaged") from error


def _private_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise Unusable("its private key has a passphrase") from error
    except ValueError as error:
        raise Unusable("its private key has a passphrase, or is damaged") from error
    except UnsupportedAlgorithm:
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Unusable("its private key is not RSA, which Microsoft Entra asks for")
    if key.key_size < SMALLEST:
        raise Unusable(f"its private key has {key.key_size} bits, and at least {SMALLEST} are asked for")
    return key
