# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers: 26 lower-case base32 characters, 128 random bits. They survive case folding and fit into addresses."""

from __future__ import annotations

import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_PAIR_BITS = 10


def new_id() -> str:
    """Return a new random identifier."""
    return base32(secrets.token_bytes(16))


def base32(raw: bytes) -> str:
    """Encode in lower-case base32 without padding (RFC 4648, 6); the standard library takes twice the time."""
    bits = 8 * len(raw)
    missing = -bits % _PAIR_BITS
    number = int.from_bytes(raw, "big") << missing
    pairs = [_PAIRS[number >> place & len(_PAIRS) - 1] for place in range(bits + missing - _PAIR_BITS, -1, -_PAIR_BITS)]
    return "".join(pairs)[: -(-bits // 5)]
