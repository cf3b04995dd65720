# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Ask this host for a name: its resolver, and /etc/hosts itself. An edge."""

from __future__ import annotations

import socket

from .file_transaction import read_bytes

HOSTS = "/etc/hosts"


def resolves(name: str) -> bool:
    """Whether any source of this host knows an address of the name (nsswitch.conf(5))."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):
        return False


def in_hosts_file(name: str) -> bool:
    """Return whether /etc/hosts lists the name (hosts(5))."""
    text = (read_bytes(HOSTS) or b"").decode("utf-8", "replace")
    rows = (line.partition("#")[0].split() for line in text.splitlines())
    return any(name.lower().rstrip(".") in map(str.lower, row[1:]) for row in rows)
