# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The answers of the DNS about a name, and the question that the checks ask. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Protocol, Tuple

NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63}){0,40}")
"""A name in ASCII, such as a selector or a host."""


@dataclass(frozen=True)
class Answer:
    """The records of one type. ``exists``: the name exists, perhaps with records of other types only.

    ``failed``: no server answered. An MX record is the text "10 mail.example.com", a TXT record its parts joined.
    """

    records: Tuple[str, ...] = ()
    exists: bool = True
    failed: bool = False


MISSING = Answer(exists=False)
FAILED = Answer(failed=True)


class Dns(Protocol):
    """Asks the DNS. Never raises."""

    def look_up(self, name: str, kind: str) -> Answer:
        """Return the records of a name; ``kind`` is A, AAAA, MX, TXT or PTR."""


def name_server(text: str) -> Tuple[str, int]:
    """Read an address with or without a port, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353. Raises ValueError."""
    address, port = text, "53"
    if text.startswith("["):
        address, _bracket, rest = text[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else (rest or "53")
    elif text.count(":") == 1:
        address, _colon, port = text.partition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is not a port")
    return str(ipaddress.ip_address(address)), int(port)


def addresses_of(dns: Dns, name: str) -> Answer:
    """Return the addresses of a name, IPv4 and IPv6."""
    four, six = dns.look_up(name, "A"), dns.look_up(name, "AAAA")
    if four.failed and not six.records:
        return four
    return Answer(four.records + six.records, exists=four.exists or six.exists)


def same_address(one: str, other: str) -> bool:
    """Whether two texts are the same address."""
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return False
