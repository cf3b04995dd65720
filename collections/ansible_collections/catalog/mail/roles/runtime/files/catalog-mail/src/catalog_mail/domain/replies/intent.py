"""Intents: what a reply answers, as 32 lower-case base32 characters that nobody else can make up (RFC 4648, 6).

    a k hhhhhhhhhhhhhh ssssssssssssssss
    | | |              80 bits of HMAC-SHA256 over what stands before them
    | | handle: the first 14 characters (70 bits) of the delivery's id
    | key id, so that several keys can be in use
    version, which is also the purpose

An intent survives case folding, fits the local part of an address as its detail (RFC 5233), and stands in a Message-ID. The
delivery that it names has one recipient and one conversation, so the signature binds it to both. It can be used more than
once; how old it may be is the delivery's affair.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache

LENGTH = 32
HANDLE_LENGTH = 14
_MAC_BYTES = 10
_INTENT = re.compile(r"(?<![a-z0-9])[a-d][a-z2-7]{31}(?![a-z0-9])", re.ASCII)
# So much of a header is looked at, and so many candidates of a message: a References of a long thread has 2,000 characters.
_LONGEST_VALUE = 16_000
MOST_CANDIDATES = 50


class Purpose(StrEnum):
    """What an intent is for; its first character."""

    REPLY = "a"
    SUBADDRESS_PROBE = "b"  # our own test of sub-addresses


def make(key: bytes, delivery_id: str, purpose: Purpose = Purpose.REPLY) -> str:
    """The intent of a delivery, always the same for the same key. `key` is secret, at least 128 bits."""
    signed = f"{purpose.value}{_key_id(key)}{delivery_id[:HANDLE_LENGTH]}"
    return signed + _mac(key, signed)


def verified(keys: Sequence[bytes], intent: str, purpose: Purpose = Purpose.REPLY) -> str | None:
    """The handle of an intent that one of the keys has signed for this purpose; None for any other."""
    if len(intent) != LENGTH or intent[0] != purpose.value:
        return None
    signed, mac = intent[: 2 + HANDLE_LENGTH], intent[2 + HANDLE_LENGTH :]
    for key in keys:
        if _key_id(key) == intent[1] and hmac.compare_digest(_mac(key, signed), mac):
            return signed[2:]
    return None


def candidates(values: Iterable[str]) -> list[str]:
    """What might be intents in these headers' values, in their order, each once. Linear in what is looked at."""
    found: dict[str, None] = {}
    for intent in _all(values):
        found[intent] = None
        if len(found) == MOST_CANDIDATES:
            break
    return list(found)


def subaddress(address: str, intent: str) -> str:
    """The address with the intent as its detail: `replies+<intent>@example.com` (RFC 5233)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}+{intent}@{domain}"


def _all(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from _INTENT.findall(value[:_LONGEST_VALUE].lower())


@cache
def _key_id(key: bytes) -> str:
    return _base32(hashlib.sha256(b"key id" + key).digest())[0]


def _mac(key: bytes, signed: str) -> str:
    return _base32(hmac.digest(key, signed.encode("ascii"), hashlib.sha256)[:_MAC_BYTES])


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").lower()
