# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to servers: within a deadline, and with certificates verified."""

from __future__ import annotations

import socket
import ssl
import time


class Deadline:
    """The moment by which a hand-over has to be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left. Raises TimeoutError when none is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that answers; each gets its share of the time. Raises OSError."""
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
    # A refusal says more than the unreachable IPv6 address tried after it.
    raise next((error for error in errors if isinstance(error, ConnectionRefusedError)), errors[-1])


def certificate_name(host: str) -> str:
    """The name that a server's certificate is for: without the dot that ends an absolute name (RFC 6066, 3)."""
    return host.rstrip(".")


def verifying_context(ca_file: str | None) -> ssl.SSLContext:
    """Verified TLS: by the CA file alone if there is one, else by the system's authorities.

    Raises OSError, whose `strerror` says why the file cannot be used.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise OSError(0, "it holds no certificate in PEM") from None


def encryption(connection: socket.socket | None) -> str | None:
    """Protocol and cipher, or None for a plain connection."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    cipher = connection.cipher()
    return f"{connection.version()} {cipher[0] if cipher else ''}".strip()


def plain(error: Exception) -> Exception:
    """For the diagnosis: a name that IDNA cannot encode is one that cannot be found."""
    return socket.gaierror(socket.EAI_NONAME, "not a host name") if isinstance(error, UnicodeError) else error
