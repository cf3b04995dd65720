# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect to servers within a deadline, and verify their certificates."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime


class Deadline:
    """The time by which a hand-over must end."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers; each address gets its share of the time. Raises OSError."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    errors: list[OSError] = []
    for number, (family, kind, protocol, _name, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.remaining() / (len(addresses) - number))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            errors.append(error)
        else:
            return connection
    # A refused connection explains more than the unreachable IPv6 address tried after it.
    raise next((error for error in errors if isinstance(error, ConnectionRefusedError)), errors[-1])


def certificate_name(host: str) -> str:
    """Return the name to check a certificate against: without the dot that ends an absolute name (RFC 6066, 3)."""
    return host.rstrip(".")


def verifying_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a verifying TLS context, with the CA file as the only authority if there is one, else with those of the system.

    Raises OSError, whose `strerror` says why the file cannot be used.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise OSError(0, "it holds no certificate in PEM") from None


def encryption(connection: socket.socket | None) -> str | None:
    """Return protocol and cipher; None for a plain connection."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    cipher = connection.cipher()
    return f"{connection.version()} {cipher[0] if cipher else ''}".strip()


def expiry(connection: object) -> datetime | None:
    """Return when the verified certificate of the server at the other end expires; None for a plain connection."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    ends = (connection.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None


def plain(error: Exception) -> Exception:
    """Return the error for the diagnosis: a name that IDNA cannot encode counts as a name that is not found."""
    return socket.gaierror(socket.EAI_NONAME, "not a host name") if isinstance(error, UnicodeError) else error
