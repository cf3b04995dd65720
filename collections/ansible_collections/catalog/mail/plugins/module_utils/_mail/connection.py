# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The common part of the SMTP and IMAP clients: settings, verified TLS, and the failure of a stage."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from .._core.errors import InputRefused
from .host import checked_host


class StageFailed(Exception):
    """A stage failed: its name, and the message of the server, the library or the system."""

    def __init__(self, stage: str, words: str) -> None:
        super().__init__(f"{stage}: {words}")
        self.stage = stage
        self.words = words


@dataclass(frozen=True, repr=False)
class Server:
    """Host, encryption and login of a server. ``timeout`` is in seconds, for each step of the connection.

    The class has no repr, since a traceback would show the password in it.
    """

    host: str
    port: int
    tls: str
    username: Optional[str]
    password: Optional[str]
    ca_file: Optional[str]
    timeout: int


# The ports that IANA assigned to each kind of encryption (RFC 6409, RFC 8314).
SMTP_PORTS = {"none": 25, "starttls": 587, "implicit": 465}
IMAP_PORTS = {"none": 143, "starttls": 143, "implicit": 993}


def server(option: str, given: Mapping[str, Any], ports: Mapping[str, int], timeout: int) -> Server:
    """Read a module's option. Raises InputRefused when a setting cannot work."""
    host = checked_host(f"{option}.host", given["host"])
    port = ports[given["tls"]] if given["port"] is None else given["port"]
    if not 0 < port < 65536:
        raise InputRefused(f"{option}.port", f"{port} is no port", "Write a number from 1 to 65535")
    if timeout < 1:
        raise InputRefused(f"{option}.timeout", "less than a second is too short for an answer", "Write 1 or more")
    ca_file = given["ca_file"]
    if ca_file and given["tls"] == "none":
        raise InputRefused(f"{option}.ca_file", "without TLS nothing is verified", "Leave it out, or set tls")
    if ca_file and not os.path.isfile(ca_file):
        raise InputRefused(
            f"{option}.ca_file", f"there is no file {ca_file} on this host", "Name a file of PEM certificates"
        )
    for name in ("username", "password"):
        if given[name] and any(char in given[name] for char in "\0\r\n"):
            raise InputRefused(
                f"{option}.{name}", "it holds a line break or a NUL, which no login can carry", "Remove it"
            )
    username = given["username"]
    if username and (username != username.strip() or not username.isprintable()):
        raise InputRefused(
            f"{option}.username", "it begins or ends with a blank, or has an invisible character in it", "Write it without")
    return Server(host, port, given["tls"], username, given["password"], ca_file, timeout)


def tls_context(settings: Server, option: str) -> ssl.SSLContext:
    """Return a context that verifies chain and name. ``ca_file`` replaces the system's authorities."""
    return verifying_context(settings.ca_file, f"{option}.ca_file")


def verifying_context(ca_file: Optional[str], field: str) -> ssl.SSLContext:
    """Return a context that verifies chain and name; ``field`` is the option with the file of authorities."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (ssl.SSLError, OSError) as exc:
        raise InputRefused(
            field,
            f"{ca_file} cannot be read as certificates ({exc.strerror or exc})",
            "Name a readable file of PEM certificates",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def system_words(exc: BaseException) -> str:
    """Return the message of an exception of sockets or TLS, never empty."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):
        return f"TLS: {(exc.reason or str(exc)).replace('_', ' ').lower()}"
    if isinstance(exc, socket.gaierror):
        return f"host not found: {exc.strerror}"
    if isinstance(exc, (socket.timeout, TimeoutError)):
        return "timed out"
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return str(exc) or type(exc).__name__
