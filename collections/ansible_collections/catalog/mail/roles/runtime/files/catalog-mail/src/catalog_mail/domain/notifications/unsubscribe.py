# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of unsubscribe links: an address and a kind of notification, signed against forgery."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from catalog_mail.domain.notifications.notification import Kind

LONGEST = 500
_VERSION = b"1"
_MAC_BYTES = 16  # 128 bits


def make_token(keys: Sequence[bytes], address: str, kind: Kind) -> str:
    """Return a token of URL-safe characters, always the same for the same address, kind and first key.

    `keys` are secret, at least 128 bits each; the first signs.
    """
    payload = _VERSION + kind.value.encode("ascii") + b"\x00" + address.encode("ascii")
    return _encode(_mac(keys[0], payload) + payload)


def read_token(keys: Sequence[bytes], token: str) -> tuple[str, Kind] | None:
    """Return address and kind of a token that one of the keys has signed; None for any other text."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token.translate({45: 43, 95: 47}) + "=" * (-len(token) % 4), validate=True)
    except binascii.Error:
        return None
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    # Check the signature before parsing, and accept only the canonical base64 of a token.
    if not any(hmac.compare_digest(mac, _mac(key, payload)) for key in keys) or _encode(raw) != token:
        return None
    kind, _null, address = payload.removeprefix(_VERSION).partition(b"\x00")
    try:
        return address.decode("ascii"), Kind(kind.decode("ascii"))
    except ValueError:  # a kind that this version no longer has
        return None


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, hashlib.sha256)[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
