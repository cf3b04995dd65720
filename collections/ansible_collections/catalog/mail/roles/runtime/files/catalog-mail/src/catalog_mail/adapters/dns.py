# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the DNS by dnspython."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_mail.from_collection._diagnosis.dns_answer import FAILED, MISSING, Answer

# Seconds for the answer of one server, and for all of them together.
_SECONDS = 3.0
_ALTOGETHER = 10.0


class DnsPython:
    """Implements `dns_answer.Dns`. The library is imported at first use: only a diagnosis needs it."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        """Ask these servers, or without any those of /etc/resolv.conf."""
        self._servers = tuple(servers)

    def look_up(self, name: str, kind: str) -> Answer:
        """Return the records of a name."""
        import dns.exception  # noqa: PLC0415  only a diagnosis needs it
        import dns.resolver  # noqa: PLC0415

        try:
            resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = [address for address, _port in self._servers]
                resolver.nameserver_ports = dict(self._servers)
            resolver.timeout, resolver.lifetime = _SECONDS, _ALTOGETHER
            found = resolver.resolve(name, kind, search=False)
        except dns.resolver.NXDOMAIN:
            return MISSING
        except dns.resolver.NoAnswer:
            return Answer()
        except (dns.exception.DNSException, OSError, ValueError):
            return FAILED
        return Answer(tuple(_text(record, kind) for record in found))


def _text(record: object, kind: str) -> str:
    """Return a record in the form of `dns_answer`."""
    if kind == "TXT":
        return b"".join(getattr(record, "strings", ())).decode("utf-8", "replace")
    if kind == "MX":
        exchange = getattr(record, "exchange").to_text(omit_final_dot=True)  # noqa: B009  the type has no stub
        return f"{getattr(record, 'preference', 0)} {exchange}"
    if kind == "PTR":
        return str(getattr(record, "target").to_text(omit_final_dot=True))  # noqa: B009  the type has no stub
    return str(record)
