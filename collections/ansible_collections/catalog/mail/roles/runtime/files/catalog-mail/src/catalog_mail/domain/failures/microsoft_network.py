# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate failed connections to Microsoft into causes and remedies: names, sockets, TLS."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from catalog_mail.domain.failures.connection import readable
from catalog_mail.domain.failures.entra import beginning
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.proxy import shown_proxy
from catalog_mail.domain.settings.servers import GraphServer

_FILE = "[microsoft] in the service's configuration file"


def network_failure(error: BaseException, url: str, operation: str, server: GraphServer) -> Failure:
    """Translate an exception of sockets or TLS; `url` is the requested one, and `operation` completes "while ..."."""
    place = urlsplit(url).netloc.rpartition("@")[2]
    if server.proxy_url:
        place = f"{place}, by the proxy {shown_proxy(server.proxy_url)},"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _failure(
            server, Cause.CERTIFICATE_NOT_TRUSTED, f"The certificate of {place} is not trusted: {error.verify_message}",
            f"A proxy that decrypts TLS is the usual reason: name its CA file as ca_file of {_FILE}. Check this host's clock.",
            temporary=False,
        )  # fmt: skip
    if isinstance(error, TimeoutError):
        return _failure(
            server, Cause.TIMED_OUT, f"{place} gave no answer within {server.timeout:g} seconds while {operation}",
            f"A firewall that drops packets is the usual reason; else Microsoft is slow now. {_by_proxy(server)}".rstrip(),
        )  # fmt: skip
    if isinstance(error, ssl.SSLError):
        return _failure(
            server, Cause.TLS_FAILED, f"{place} could not agree on TLS: {getattr(error, 'reason', None) or 'broken off'}",
            f"TLS 1.2 or later is needed; check the firewalls between this host and Microsoft. {_by_proxy(server)}".rstrip(),
        )  # fmt: skip
    return _socket(error, place, operation, server)


def authorities_unreadable(reason: str, server: GraphServer) -> Failure:
    """The CA file cannot be used."""
    return _failure(
        server, Cause.CERTIFICATE_NOT_TRUSTED, f"The CA file {server.ca_file} cannot be used: {reason}",
        f"Put the CA's certificate there as PEM, readable by the service, or take ca_file out of {_FILE}.", temporary=False,
    )  # fmt: skip


def _socket(error: BaseException, place: str, operation: str, server: GraphServer) -> Failure:
    way = _by_proxy(server) or f"A host that reaches the Internet only by a proxy needs proxy_url of {_FILE}."
    again = f"It is tried again by itself. {_by_proxy(server)}".rstrip()
    if isinstance(error, socket.gaierror):
        return _failure(
            server, Cause.NAME_NOT_FOUND, f"The name {place} cannot be looked up",
            f"Check this host's DNS ('getent hosts NAME') and the cloud of the settings. {way}",
        )  # fmt: skip
    if isinstance(error, ConnectionRefusedError):
        return _failure(
            server, Cause.CONNECTION_REFUSED, f"{place} refused the connection", f"Check the firewalls of this host. {way}"
        )
    if isinstance(error, ConnectionError):
        reason = error.strerror or "it was closed"
        return _failure(
            server, Cause.CONNECTION_LOST, f"{place} broke off while {operation}: {reason}", again
        )
    reason = getattr(error, "strerror", None) or readable(str(error).encode()) or type(error).__name__
    return _failure(
        server, Cause.UNREACHABLE, f"{place} cannot be reached from this host: {reason}",
        f"Check the routes and firewalls between this host and Microsoft. {way}",
    )  # fmt: skip


def _by_proxy(server: GraphServer) -> str:
    return f"Check the proxy, whose log says more; proxy_url of {_FILE} names it." if server.proxy_url else ""


def _failure(server: GraphServer, cause: Cause, sentence: str, remedy: str, *, temporary: bool = True) -> Failure:
    return Failure(cause, f"{beginning(server)} {sentence}.", remedy, temporary=temporary, field=None)
