# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Compare a next hop of main.cf with the server that the mail log names. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import List, NamedTuple

_HOP = re.compile(r"(\[)?(?:ipv6:)?([^\[\]\s]*?)\]?(?::([A-Za-z0-9-]{1,30}))?", re.IGNORECASE)
_LOGGED = re.compile(r"([^ \[\]]{1,255})\[([0-9A-Fa-f:.]{2,45})\]:([0-9]{1,5})")
_SERVICES = {"smtp": "25", "submission": "587", "submissions": "465", "smtps": "465", "": "25"}


class NextHop(NamedTuple):
    """A next hop: ``direct`` means without an MX lookup; ``port`` is empty for a service of an unknown name."""

    host: str
    port: str
    direct: bool


def next_hops(value: str) -> List[NextHop]:
    """Read a list of next hops, such as "[mail.example.com]:587, backup.example.com"."""
    found = []
    for item in re.split(r"[,\s]+", value.strip()):
        hop = _HOP.fullmatch(item)
        if hop and hop.group(2):
            named = (hop.group(3) or "").lower()
            port = named if named.isdigit() else _SERVICES.get(named, "")
            host = _address(hop.group(2)) or hop.group(2).lower().rstrip(".")
            found.append(NextHop(host, port, bool(hop.group(1)) or bool(_address(host))))
    return found


def takes(value: str, relay: str) -> bool:
    """Whether the server in the log is one of the next hops. One that is found by MX may have any name."""
    logged = _LOGGED.fullmatch(relay)
    if not logged:
        return False
    name, address, port = logged.group(1).lower().rstrip("."), _address(logged.group(2)), logged.group(3)
    return any(
        hop.port in ("", port) and (not hop.direct or hop.host in (name, address)) for hop in next_hops(value))


def same_destination(transport: str, relay: str) -> bool:
    """Whether the next hop of a transport ("smtp:[mail.example.com]:587") is one of the relay's."""
    there = next_hops(transport.partition(":")[2])
    return bool(there) and all(hop in next_hops(relay) for hop in there)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
