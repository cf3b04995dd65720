# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of hosts, each with an optional port: in the header Host (RFC 9110, 7.2) and the configuration file."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_FORM = re.compile(
    rf"(?:\[(?P<v6>[0-9A-Fa-f:.]{{2,45}})\]|(?P<name>{_LABEL}(?:\.{_LABEL})*)\.?)(?::(?P<port>[0-9]{{1,5}}))?", re.ASCII
)
_USUAL_PORTS = (80, 443)


@dataclass(frozen=True)
class HostName:
    """A host's name in lower case, or its address in its shortest form without brackets; and its port, None without one."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"

    def without_port(self) -> HostName:
        """Return the same host with any port."""
        return replace(self, port=None)

    def covers(self, other: HostName) -> bool:
        """Return whether this entry of a list means the other host: without a port, it means every port."""
        if self.name != other.name:
            return False
        return self.port in (None, other.port) or (other.port is None and self.port in _USUAL_PORTS)


def parse_host(text: str) -> HostName:
    """Return the host that the text names. Raises ValueError, with a part of a sentence, for any other text."""
    found = _FORM.fullmatch(text)
    if not found or len(text) > 260:
        raise ValueError(
            "is not the name or address of a host, with or without a port, such as catalog.example.com, 192.0.2.1:8025 or "
            "[2001:db8::1]; wildcards, schemes and paths are no part of it"
        )
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError("names a port that is not between 1 and 65535")
    if not found["v6"]:
        return HostName(found["name"].lower(), port)
    try:
        return HostName(ipaddress.IPv6Address(found["v6"]).compressed, port)
    except ValueError:
        raise ValueError("is not an IPv6 address in brackets") from None


def find_host(text: str) -> HostName | None:
    """Return the host that the text names; None when it names none. A name outside ASCII is returned as DNS has it (RFC 5891)."""
    try:
        return parse_host(text.encode("idna").decode("ascii") if not text.isascii() else text)
    except ValueError:  # UnicodeError too
        return None
