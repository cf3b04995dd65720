# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of an app registration as one PEM text, and the errors for other texts."""

from __future__ import annotations

import pytest
from catalog_mail.adapters.graph.certificate import Unusable, parts
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat
from helpers.service.app_certificates import certificate, key, new_key, on_unsupported_curve

KEY, OTHER, SMALL = new_key(), new_key(), new_key(1024)
CURVE = ec.generate_private_key(ec.SECP256R1())

GOOD = {
    "key first": key(KEY) + certificate(KEY),
    "certificate first": certificate(KEY) + key(KEY),
    "old form of the key": key(KEY, PrivateFormat.TraditionalOpenSSL) + certificate(KEY),
    "beside one of a kind that nobody knows": key(KEY) + on_unsupported_curve(certificate(CURVE)) + certificate(KEY),
    "a chain, words between": f"Bag Attributes\n{key(KEY)}subject=CN=x\n{certificate(OTHER)}{certificate(KEY)}",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_key_and_its_certificate(text: str) -> None:
    found = parts(text)
    assert found["private_key"].startswith("-----BEGIN ") and "PRIVATE KEY" in found["private_key"]
    assert found["public_certificate"] == certificate(KEY).strip() or "CERTIFICATE" in found["public_certificate"]
    assert x509.load_pem_x509_certificate(found["public_certificate"].encode()).public_key() == KEY.public_key()


WRONG = {
    "no key": (certificate(KEY), "no private key"),
    "no certificate": (key(KEY), "no certificate of this key"),
    "another's certificate": (key(KEY) + certificate(OTHER), "no certificate of this key"),
    "a passphrase": (key(KEY, encryption=BestAvailableEncryption(b"x")) + certificate(KEY), "passphrase"),
    "a curve": (key(CURVE) + certificate(CURVE), "not RSA"),
    "a curve that nobody knows": (on_unsupported_curve(key(CURVE) + certificate(CURVE)), "not RSA"),
    "a certificate on it": (key(KEY) + on_unsupported_curve(certificate(CURVE)), "no certificate of this key"),
    "a small key": (key(SMALL) + certificate(SMALL), "has 1024 bits, and at least 2048 are asked for"),
    "a damaged key": ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + certificate(KEY), "damaged"),
    "a damaged certificate": (key(KEY) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
    "nothing": ("", "no private key"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_errors_of_other_texts(text: str, words: str) -> None:
    with pytest.raises(Unusable) as caught:
        parts(text)
    assert words in str(caught.value)
    assert "BEGIN" not in str(caught.value)
