# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The syntax of a relay in Postfix: ``[host]:port`` (that host) and ``domain:port`` (its MX).

Source: postconf(5), relayhost; transport(5), SMTP next-hop forms.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import List, Optional

from .._core.errors import InputRefused
from .main_cf import folded

WRAPPER_SERVICES = ("465", "smtps", "submissions")

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?\Z")
_SERVICE = re.compile(r"(?:[0-9]{1,5}|[a-z][a-z0-9-]*)\Z")


@dataclass(frozen=True)
class Relay:
    """A next hop: ``mx`` says whether the MX records of ``host`` are looked up; port or service, or None."""

    host: str
    service: Optional[str]
    mx: bool

    def __str__(self) -> str:
        host = self.host if self.mx else f"[{self.host}]"
        return f"{host}:{self.service}" if self.service else host

    @property
    def wrapper_port(self) -> bool:
        """Whether the port is that of implicit TLS (RFC 8314)."""
        return self.service in WRAPPER_SERVICES


def parse_relay(field: str, text: str) -> Relay:
    """Read one next hop. Raises InputRefused, naming ``field``, for an invalid one."""
    text = folded(text)
    if text.startswith("["):
        return _bracketed(field, text)
    return _looked_up(field, text)


def _bracketed(field: str, text: str) -> Relay:
    inside, bracket, rest = text[1:].partition("]")
    address = _address(inside[5:] if inside.lower().startswith("ipv6:") else inside)
    if not bracket:
        raise InputRefused(field, f"'{text}' has no closing bracket", "Write [host] or [host]:port")
    if ":" in inside and (address is None or address.version != 6):
        host, _colon, port = inside.rpartition(":")
        raise InputRefused(
            field, f"'{text}' has the port inside the brackets, where Postfix takes it as part of the name",
            f"Write [{host}]:{port}")
    if address is None and not _HOST.match(inside):
        raise InputRefused(field, f"'{inside}' is neither a host name nor an address", "Write [host]:port")
    if rest and not rest.startswith(":"):
        raise InputRefused(field, f"'{text}' goes on after the bracket without a colon", "Write [host]:port")
    return Relay(inside, _service(field, rest[1:]) if rest else None, mx=False)


def _looked_up(field: str, text: str) -> Relay:
    if text.count(":") > 1:
        raise InputRefused(field, f"'{text}' is an IPv6 address without brackets", "Write [address]:port")
    host, colon, service = text.partition(":")
    if _address(host):
        raise InputRefused(
            field, f"'{host}' is an address, and without brackets Postfix looks for its MX record",
            f"Write [{host}]{colon}{service}")
    if not _HOST.match(host):
        raise InputRefused(field, f"'{text}' is no relay", "Write [host]:port, or domain:port for its MX hosts")
    return Relay(host, _service(field, service) if colon else None, mx=True)


def _service(field: str, text: str) -> str:
    valid = _SERVICE.match(text) and (not text.isdigit() or 0 < int(text) < 65536)
    if not valid:
        raise InputRefused(field, f"'{text}' is not a TCP port", "Write a number from 1 to 65535 or a service's name")
    return text


def _address(text: str):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def split_relays(value: str) -> List[str]:
    """Split a relayhost value into its next hops."""
    return [word for word in re.split(r"[\s,]+", value) if word]


def check_relays(field: str, value: str) -> List[Relay]:
    """Read every next hop of a relayhost value. Raises InputRefused for an invalid one."""
    return [parse_relay(field, word) for word in split_relays(value)]


def uses_wrapper_port(value: str) -> bool:
    """Whether a relayhost value names a port of implicit TLS."""
    return any(word.rpartition(":")[2] in WRAPPER_SERVICES for word in split_relays(value))
