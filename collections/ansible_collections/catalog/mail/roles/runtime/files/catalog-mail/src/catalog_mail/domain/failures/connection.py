# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate failed connections into causes and remedies, for any protocol: names, sockets, TLS, certificates."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.flaws import edge_flaw

# The two stages that this module treats specially; each completes "while ...".
CONNECT = "connecting"
GREETING = "waiting for the greeting"
# OpenSSL's error numbers (X509_V_ERR_...): not yet valid, expired; and wrong name, wrong IP address.
_OUT_OF_DATE = {9: "not valid yet", 10: "expired"}
_OTHER_NAME = {62, 64}
# Characters of a server's answer that are shown.
SHOWN = 500


@dataclass(frozen=True)
class Peer:
    """The server of a connection. `section` is the path of its settings, `implicit_port` the standard port of implicit TLS.

    `timeout` is in seconds; `timeout_set` says that a setting determines it. `builtin`: the server is the host's own Postfix.
    """

    host: str
    port: int
    tls: TLS
    timeout: float
    ca_file: str | None
    section: str
    implicit_port: int
    timeout_set: bool = True
    builtin: bool = False

    @property
    def place(self) -> str:
        """The name of the server in sentences."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"The host's own mail server ({host}:{self.port})" if self.builtin else f"{host}:{self.port}"

    def field(self, name: str) -> str:
        """Return the path of a setting; for the built-in server always that of the transport."""
        return "notifications.transport" if self.builtin else f"{self.section}.{name}"


def network_failure(error: Exception, stage: str, peer: Peer) -> Failure:
    """Translate an exception of sockets or TLS. `stage` completes "while ..."."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, peer)
    if isinstance(error, TimeoutError):
        return _timed_out(stage, peer)
    if isinstance(error, ssl.SSLError):
        return _tls(error, peer)
    if stage == CONNECT:
        return _not_connected(error, peer)
    return _lost(error, stage, peer)


def tls_not_offered(peer: Peer) -> Failure:
    """The settings require STARTTLS, and the server does not offer it (RFC 3207; RFC 3501, 6.2.1)."""
    return Failure(
        Cause.TLS_NOT_OFFERED,
        f"{peer.place} does not offer STARTTLS, which the settings require.",
        f"Let the server offer it, or choose tls 'implicit' with that port ({peer.implicit_port}), "
        "or 'none' where the network is trusted.",
        temporary=False,
        field=peer.field("tls"),
    )


def authorities_unreadable(reason: str, peer: Peer) -> Failure:
    """The CA file cannot be read, or has no certificate."""
    return Failure(
        Cause.CERTIFICATE_NOT_TRUSTED,
        f"The CA file {peer.ca_file} cannot be used: {reason}.",
        "Put the CA's certificate there as PEM, readable by the service, or name none to trust the system's.",
        temporary=False,
        field=peer.field("ca_file"),
    )


def _not_connected(error: Exception, peer: Peer) -> Failure:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return _temporary(
            Cause.NAME_NOT_FOUND, peer.field("host"),
            f"The name {peer.host} cannot be looked up: no DNS server gave an answer.",
            "Check the DNS servers in /etc/resolv.conf, and that this host can reach them.",
        )  # fmt: skip
    if isinstance(error, socket.gaierror):
        return _temporary(
            Cause.NAME_NOT_FOUND, peer.field("host"),
            f"The name {peer.host} cannot be found in DNS.",
            "Check the spelling, and whether this host's DNS servers know the name ('getent hosts NAME').",
        )  # fmt: skip
    if isinstance(error, ConnectionRefusedError):
        remedy = (
            "See 'systemctl status postfix', and whether inet_interfaces lets it listen on the loopback."
            if peer.builtin
            else "Check the port, whether the mail server runs, and whether it accepts connections from this host."
        )
        return _temporary(
            Cause.CONNECTION_REFUSED, peer.field("port"), f"{peer.place} refused the connection.", remedy
        )
    return _temporary(
        Cause.UNREACHABLE, peer.field("host"),
        f"{peer.place} cannot be reached from this host: {getattr(error, 'strerror', None) or error}.",
        "Check the routes and firewalls between this host and the mail server.",
    )  # fmt: skip


def _certificate(error: ssl.SSLCertVerificationError, peer: Peer) -> Failure:
    if error.verify_code in _OTHER_NAME:
        return Failure(
            Cause.CERTIFICATE_WRONG_NAME,
            f"The certificate of {peer.place} is for another name.",
            "Give a name of the server that its certificate has, or let the server have a certificate for this name.",
            temporary=False,
            field=peer.field("host"),
        )
    reason = _OUT_OF_DATE.get(error.verify_code, error.verify_message)
    remedy = (
        "Let the mail server's administrator renew it; check this host's clock."
        if error.verify_code in _OUT_OF_DATE
        else "Name the file of the CA that signed it as ca_file, or install that CA on this host."
    )
    return Failure(
        Cause.CERTIFICATE_NOT_TRUSTED,
        f"The certificate of {peer.place} is not trusted: {reason}.",
        remedy,
        temporary=False,
        field=peer.field("ca_file"),
    )


def _tls(error: ssl.SSLError, peer: Peer) -> Failure:
    plain = error.reason == "WRONG_VERSION_NUMBER" and peer.tls is TLS.IMPLICIT
    cause = "does not speak TLS from the start" if plain else f"could not agree on TLS: {error.reason or 'broken off'}"
    remedy = (
        f"Choose tls 'starttls' for this port, or give the port of implicit TLS ({peer.implicit_port})."
        if plain
        else "The server must speak TLS 1.2 or later; its own log says more."
    )
    return _temporary(Cause.TLS_FAILED, peer.field("tls"), f"{peer.place} {cause}.", remedy)


def _timed_out(stage: str, peer: Peer) -> Failure:
    slow = "the server is slow: raise the timeout" if peer.timeout_set else "the server is slow or overloaded"
    remedy = f"A firewall that drops packets is the usual reason; else {slow}."
    if stage == GREETING and peer.tls is not TLS.IMPLICIT:
        remedy = "A server that waits for TLS from the start is silent like this: try tls 'implicit'. Else it is overloaded."
    return _temporary(
        Cause.TIMED_OUT, peer.field("timeout" if peer.timeout_set else "port"),
        f"{peer.place} timed out after {peer.timeout:g} seconds while {stage}.", remedy,
    )  # fmt: skip


def _lost(error: Exception, stage: str, peer: Peer) -> Failure:
    reason = (isinstance(error, OSError) and error.strerror) or "it was closed"
    remedy = "The mail server's own log says why."
    if stage == GREETING and peer.tls is TLS.NONE:
        remedy += " A server that wants TLS from the start closes like this too: try tls 'implicit'."
    return _temporary(
        Cause.CONNECTION_LOST, peer.field("host"), f"{peer.place} broke off while {stage}: {reason}.", remedy
    )


def _temporary(code: Cause, field: str, cause: str, remedy: str) -> Failure:
    """Return a temporary failure."""
    return Failure(code, cause, remedy, temporary=True, field=field)


def readable(text: bytes, *secrets: str | None) -> str:
    """Return a server's text for display: one line, of limited length, with repeated secrets removed."""
    line = _one_line(text.decode("utf-8", "replace"))
    # The longest first: one secret may be part of another.
    for secret in sorted({_one_line(secret) for secret in secrets if secret} - {""}, key=len, reverse=True):
        line = line.replace(secret, "(removed)")
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= SHOWN else printable[:SHOWN] + "..."


def with_password_hint(remedy: str, password: str | None) -> str:
    """Return the remedy of a refused login; it tells when the password has a blank, or worse, at one of its ends."""
    if not password or edge_flaw(password) is None:
        return remedy
    return f"{remedy} The stored password begins or ends with a blank or an invisible character: is that meant?"


def _one_line(text: str) -> str:
    return " ".join(text.split())
