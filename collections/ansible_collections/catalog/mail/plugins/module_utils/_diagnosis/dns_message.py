# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Messages of the DNS (RFC 1035): one question, and the records that answer it. Pure.

Everything that is read from an answer is bounded: its size, the number of records, and the steps of a compressed name.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import Dict, List, Tuple

TYPES: Dict[str, int] = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
_CNAME = 5
_INTERNET = 1
_RESPONSE, _TRUNCATED, _RECURSION_DESIRED = 0x8000, 0x0200, 0x0100
_NO_ERROR, _NO_SUCH_NAME = 0, 3
MAX_RECORDS = 200
MAX_LABELS = 128
MAX_NAME = 255
"""Octets of a name, its lengths included."""


class Malformed(ValueError):
    """An answer that breaks the rules of RFC 1035, or a name that cannot be asked for."""


@dataclass(frozen=True)
class Reply:
    """The answer to one question. ``exists`` is False when the name does not exist (NXDOMAIN).

    ``failed``: the server could not answer. ``truncated``: the whole answer must be fetched by TCP. An MX record is the text
    "10 mail.example.com"; a TXT record has its parts joined.
    """

    records: Tuple[str, ...] = ()
    exists: bool = True
    failed: bool = False
    truncated: bool = False


def question(number: int, name: str, kind: str) -> bytes:
    """Return the message that asks for the records of this type. Raises Malformed for a name that the DNS cannot hold."""
    header = struct.pack(">HHHHHH", number, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + encoded(name) + struct.pack(">HH", TYPES[kind], _INTERNET)


def encoded(name: str) -> bytes:
    """Return a name in the form of the DNS."""
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    except UnicodeEncodeError:
        raise Malformed(f"{name!r} is not in ASCII") from None
    if not all(0 < len(label) <= 63 for label in labels) or sum(map(len, labels)) + len(labels) >= MAX_NAME:
        raise Malformed(f"{name!r} is not a name")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def parse(message: bytes, number: int, name: str, kind: str) -> Reply:
    """Read the answer to ``question``; records of other types are skipped. Raises Malformed.

    An answer with another number or another question is not an answer to this one: someone else may have sent it.
    """
    if len(message) < 12:
        raise Malformed("the answer has no header")
    its_number, flags, questions, answers, _authority, _additional = struct.unpack(">HHHHHH", message[:12])
    if its_number != number or not flags & _RESPONSE or questions != 1:
        raise Malformed("the answer is not for this question")
    asked, at = _name(message, 12)
    kinds, at = _numbers(message, at, ">HH")
    if asked.lower() != name.rstrip(".").lower() or kinds != (TYPES[kind], _INTERNET):
        raise Malformed("the answer is not for this question")
    status = flags & 0x000F
    if status not in (_NO_ERROR, _NO_SUCH_NAME):
        return Reply(failed=True)
    if flags & _TRUNCATED:
        return Reply(truncated=True)
    records: List[str] = []
    for _record in range(min(answers, MAX_RECORDS)):
        _owner, at = _name(message, at)
        (its_type, its_class, _ttl, length), at = _numbers(message, at, ">HHIH")
        if at + length > len(message):
            raise Malformed("a record is cut off")
        if (its_type, its_class) == (TYPES[kind], _INTERNET):
            records.append(_value(message, at, length, kind))
        at += length
    return Reply(tuple(records), exists=status == _NO_ERROR)


def _numbers(message: bytes, at: int, form: str) -> Tuple[Tuple[int, ...], int]:
    size = struct.calcsize(form)
    if at + size > len(message):
        raise Malformed("the answer is cut off")
    return struct.unpack(form, message[at:at + size]), at + size


def _name(message: bytes, at: int) -> Tuple[str, int]:
    """Return a name, which may go on elsewhere in the message (RFC 1035, 4.1.4), and the place after it."""
    labels: List[str] = []
    after = -1
    for _step in range(MAX_LABELS):
        (length,), at = _numbers(message, at, ">B")
        if length == 0:
            return ".".join(labels), at if after < 0 else after
        if length & 0xC0 == 0xC0:
            (low,), at = _numbers(message, at, ">B")
            after = at if after < 0 else after
            at = (length & 0x3F) << 8 | low
        elif length & 0xC0 or at + length > len(message):
            raise Malformed("a name is cut off")
        else:
            labels.append(message[at:at + length].decode("ascii", "replace"))
            at += length
    raise Malformed("a name does not end")


def _value(message: bytes, at: int, length: int, kind: str) -> str:
    data = message[at:at + length]
    if kind in ("A", "AAAA"):
        if length != (4 if kind == "A" else 16):
            raise Malformed("an address has another length")
        return str(ipaddress.ip_address(data))
    if kind == "PTR":
        return _name(message, at)[0]
    if kind == "MX":
        (preference,), place = _numbers(message, at, ">H")
        return f"{preference} {_name(message, place)[0] or '.'}"
    return _text(data)


def _text(data: bytes) -> str:
    """Return the parts of a TXT record, joined (RFC 7208, 3.3)."""
    parts, at = [], 0
    while at < len(data):
        size = data[at]
        if at + 1 + size > len(data):
            raise Malformed("a text is cut off")
        parts.append(data[at + 1:at + 1 + size])
        at += 1 + size
    return b"".join(parts).decode("utf-8", "replace")
