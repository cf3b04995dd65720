# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Evaluate an SPF record for one address (RFC 7208), without macros, which need a message. Pure but for the questions asked."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import List, Optional, Tuple

from .dns_answer import Dns, addresses_of

MAX_LOOKUPS = 10
"""Terms that ask the DNS (RFC 7208, 4.6.4)."""
MAX_MX = 10
_VERSION = "v=spf1"
_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
# Terms with a macro, and exists, need the message's own values: what they yield here is not known.
UNKNOWN = "unknown"
PERMERROR, TEMPERROR, NONE = "permerror", "temperror", "none"


@dataclass(frozen=True)
class SpfResult:
    """The result, of RFC 7208 or UNKNOWN, the record, and why it is invalid."""

    result: str
    record: str = ""
    why: str = ""


class _Invalid(Exception):
    """The record is invalid; the message says why."""


class _NotKnown(Exception):
    """The result depends on a message, or the DNS does not answer; ``args[0]`` is the result."""


def spf_records(texts: Tuple[str, ...]) -> List[str]:
    """Return the SPF records among the TXT records of a name (RFC 7208, 4.5)."""
    return [text for text in texts if text.lower() == _VERSION or text.lower().startswith(f"{_VERSION} ")]


def check_spf(dns: Dns, domain: str, address: Optional[str]) -> SpfResult:
    """Evaluate the record of a domain for an address; without one, only its syntax and number of lookups are checked."""
    answer = dns.look_up(domain, "TXT")
    if answer.failed:
        return SpfResult(TEMPERROR)
    records = spf_records(answer.records)
    if not records:
        return SpfResult(NONE)
    if len(records) > 1:
        return SpfResult(PERMERROR, records[0], f"{domain} has {len(records)} records, and only one is allowed")
    run = _Evaluation(dns, address)
    try:
        return SpfResult(run.of_domain(domain), records[0])
    except _Invalid as invalid:
        return SpfResult(PERMERROR, records[0], str(invalid))
    except _NotKnown as unknown:
        return SpfResult(unknown.args[0], records[0])


class _Evaluation:
    """One evaluation, with its count of lookups."""

    def __init__(self, dns: Dns, address: Optional[str]) -> None:
        self._dns = dns
        self._address = ipaddress.ip_address(address) if address else None
        self._lookups = 0

    def of_domain(self, domain: str) -> str:
        """Return the result of a domain's record. Raises _Invalid, _NotKnown."""
        answer = self._dns.look_up(domain, "TXT")
        if answer.failed:
            raise _NotKnown(TEMPERROR)
        records = spf_records(answer.records)
        if len(records) != 1:
            return NONE if not records else self._fail(f"{domain} has {len(records)} records, and only one is allowed")
        redirect = ""
        has_all = any(term.lstrip("+-~?").lower() == "all" for term in records[0].split()[1:])
        for term in records[0].split()[1:]:
            name, equals, value = term.partition("=")
            if equals and ":" not in name and "/" not in name:
                redirect = value if name.lower() == "redirect" else redirect
                continue
            result = self._of_term(term, domain)
            if result:
                return result
        if not redirect or has_all:  # RFC 7208, 6.1
            return "neutral"
        found = self.of_domain(self._asked_for(redirect))
        return found if found != NONE else self._fail(f"{redirect}, named by redirect, has no SPF record")

    def _of_term(self, term: str, domain: str) -> str:
        """Return the result when the term matches; empty otherwise."""
        qualifier = _QUALIFIERS.get(term[0])
        plain = term[1:] if qualifier else term
        name, colon, rest = plain.partition(":")
        if not colon:
            name, slash, length = plain.partition("/")
            rest = slash + length
        return (qualifier or "pass") if self._matches(name.lower(), rest, domain) else ""

    def _matches(self, name: str, rest: str, domain: str) -> bool:
        if name == "all":
            return self._address is not None
        if name in ("ip4", "ip6"):
            return self._in_network(rest)
        target, _slash, lengths = rest.partition("/")
        if name in ("a", "mx"):
            return self._of_hosts(name, self._asked_for(target or domain), lengths)
        if name == "include":
            found = self.of_domain(self._asked_for(rest))
            if found == NONE:
                self._fail(f"{rest}, named by include, has no SPF record")
            return found == "pass"
        if name == "exists":
            self._asked_for("exists")
            raise _NotKnown(UNKNOWN)
        if name == "ptr":
            self._asked_for("ptr")
            return False  # must not be used (RFC 7208, 5.5)
        self._fail(f"it has the unknown term {name!r}")
        return False

    def _in_network(self, text: str) -> bool:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            self._fail(f"{text!r} is not an address or network")
        return self._address is not None and self._address.version == network.version and self._address in network

    def _of_hosts(self, name: str, target: str, lengths: str) -> bool:
        hosts = [target]
        if name == "mx":
            answer = self._dns.look_up(target, "MX")
            if answer.failed:
                raise _NotKnown(TEMPERROR)
            hosts = [record.partition(" ")[2] for record in answer.records[:MAX_MX]]
        if self._address is None:
            return False
        four, _slashes, six = f"/{lengths}".partition("//")
        length = (four.strip("/") if self._address.version == 4 else six) or str(self._address.max_prefixlen)
        found = [one for host in hosts for one in addresses_of(self._dns, host).records]
        return any(self._in_network(f"{one}/{length}") for one in found if (":" in one) == (self._address.version == 6))

    def _asked_for(self, target: str) -> str:
        """Count a term that asks the DNS, and return its domain."""
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            self._fail(f"it needs more than {MAX_LOOKUPS} lookups of the DNS")
        if "%" in target:
            raise _NotKnown(UNKNOWN)
        return target

    @staticmethod
    def _fail(why: str) -> str:
        raise _Invalid(why)
