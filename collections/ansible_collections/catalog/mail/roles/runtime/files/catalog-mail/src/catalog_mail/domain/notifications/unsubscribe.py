"""The token of an unsubscribe link: who no longer wants which kind of mail, signed, so that nobody can make one up."""

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
    """A token of URL-safe characters, the same for the same address, kind and first key.

    `keys` are secret, at least 128 bits each; the first signs.
    """
    payload = _VERSION + kind.value.encode("ascii") + b"\x00" + address.encode("ascii")
    return _encode(_mac(keys[0], payload) + payload)


def read_token(keys: Sequence[bytes], token: str) -> tuple[str, Kind] | None:
    """Address and kind of a token that one of the keys has signed; None for anything else."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token.translate({45: 43, 95: 47}) + "=" * (-len(token) % 4), validate=True)
    except binascii.Error:
        return None
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    # Only what was signed is looked into, and only in the one spelling that it was given out in.
    if not any(hmac.compare_digest(mac, _mac(key, payload)) for key in keys) or _encode(raw) != token:
        return None
    kind, _null, address = payload.removeprefix(_VERSION).partition(b"\x00")
    try:
        return address.decode("ascii"), Kind(kind.decode("ascii"))
    except ValueError:  # a kind that this version does not know any more
        return None


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, hashlib.sha256)[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
