# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keyCredentials: the certificates of an application, written as a whole list."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emulator import ids
from emulator.answer import bad_request
from emulator.clock import parsed, whole
from emulator.store import Document


def kept(wanted: list[dict[str, Any]], current: Document | None) -> list[Document]:
    """The list as it is kept. One whose `key` is null must be one that is there already, by its keyId."""
    known = {credential["keyId"]: credential for credential in (current or {}).get("keyCredentials", [])}
    found = [_one(credential, known) for credential in wanted]
    if len({credential["keyId"] for credential in found}) < len(found):
        raise bad_request("KeyCredentials contains duplicate keyIds.", "KeyCredentialsInvalidDuplicateKeyId")
    return found


def _one(given: dict[str, Any], known: dict[str, Document]) -> Document:
    before = known.get(given.get("keyId") or "")
    if given.get("key") is None:
        if before is None:
            raise bad_request("The key credential has no value for 'key'.", "KeyCredentialsInvalid")
        return before
    if given.get("type") != "AsymmetricX509Cert" or given.get("usage") not in ("Verify", "Sign", "Encrypt"):
        raise _invalid()
    certificate, der = _certificate(given["key"])
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    start_given = parsed(given["startDateTime"]) if given.get("startDateTime") else begin
    end_given = parsed(given["endDateTime"]) if given.get("endDateTime") else end
    if end_given > end or start_given < begin:
        raise bad_request("Key credential end date is invalid.", "KeyCredentialsInvalidEndDate")
    return {
        "customKeyIdentifier": given.get("customKeyIdentifier")
        or hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
        "displayName": given.get("displayName") or certificate.subject.rfc4514_string(),
        "endDateTime": whole(end_given),
        "key": base64.b64encode(der).decode(),
        "keyId": given.get("keyId") or ids.new(),
        "startDateTime": whole(start_given),
        "type": "AsymmetricX509Cert",
        "usage": given["usage"],
        "hasExtendedValue": None,
    }


def _certificate(key: str) -> tuple[x509.Certificate, bytes]:
    """From base64 of DER; line breaks are passed over, as in all of Graph's binary values."""
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(key.split()), validate=True))
    except (ValueError, binascii.Error):
        raise bad_request("Key credential has an invalid value.", "KeyCredentialsInvalidKeyValue") from None
    return certificate, certificate.public_bytes(Encoding.DER)


def _invalid() -> Exception:
    return bad_request("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
