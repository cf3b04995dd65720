# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents: signed identifiers of the mail that a reply answers, 32 lower-case base32 characters (RFC 4648, 6).

    a k hhhhhhhhhhhhhh ssssssssssssssss
    | | |              80 bits of HMAC-SHA256 over the characters before them
    | | handle: the first 14 characters (70 bits) of the delivery's id
    | key id, so that several keys can be in use
    version, which is also the purpose of the intent

An intent survives case folding, and fits into a Message-ID and, as the detail, into the local part of an address (RFC 5233).
It names a delivery, which has one recipient and one conversation, so that the signature binds the intent to both. An intent
can be used more than once; its age is checked by that of the delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache

from catalog_mail.domain.identifiers import base32

LENGTH = 32
HANDLE_LENGTH = 14
_MAC_BYTES = 10
_INTENT = re.compile(r"(?<![a-z0-9])[a-d][a-z2-7]{31}(?![a-z0-9])", re.ASCII)
# Characters read of each header, and candidates of each message. References of a long thread has 2,000 characters.
_LONGEST_VALUE = 16_000
MOST_CANDIDATES = 50


class Purpose(StrEnum):
    """The purpose of an intent, which is its first character."""

    REPLY = "a"
    SUBADDRESS_PROBE = "b"  # the service's own test of sub-addresses


def make(key: bytes, delivery_id: str, purpose: Purpose = Purpose.REPLY) -> str:
    """Return the intent of a delivery, always the same for the same key. `key` is secret, at least 128 bits."""
    signed = f"{purpose.value}{_key_id(key)}{delivery_id[:HANDLE_LENGTH]}"
    return signed + _mac(key, signed)


def verified(keys: Sequence[bytes], intent: str, purpose: Purpose = Purpose.REPLY) -> str | None:
    """Return the handle of an intent that one of the keys has signed for this purpose; None for any other text."""
    if len(intent) != LENGTH or intent[0] != purpose.value:
        return None
    signed, mac = intent[: 2 + HANDLE_LENGTH], intent[2 + HANDLE_LENGTH :]
    for key in keys:
        if _key_id(key) == intent[1] and hmac.compare_digest(_mac(key, signed), mac):
            return signed[2:]
    return None


def candidates(values: Iterable[str]) -> list[str]:
    """Find texts in the form of an intent in headers' values, in order, each once. Takes time linear in the values' length."""
    found: dict[str, None] = {}
    for intent in _all(values):
        found[intent] = None
        if len(found) == MOST_CANDIDATES:
            break
    return list(found)


def subaddress(address: str, intent: str) -> str:
    """Return the address with the intent as its detail: `replies+<intent>@example.com` (RFC 5233)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}+{intent}@{domain}"


def _all(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from _INTENT.findall(value[:_LONGEST_VALUE].lower())


@cache
def _key_id(key: bytes) -> str:
    return base32(hashlib.sha256(b"key id" + key).digest())[0]


def _mac(key: bytes, signed: str) -> str:
    return base32(hmac.digest(key, signed.encode("ascii"), hashlib.sha256)[:_MAC_BYTES])
