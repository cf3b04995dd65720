# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones with one fault each, and the findings that they have, for the tests of the module and of the service."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.name_server import Zone

ADDRESS = "192.0.2.25"
KEY = '"v=DKIM1; k=rsa; p=MIIBIjANBgkq"'
GOOD = {
    ("corp.test", "MX"): ["10 mail.corp.test."],
    ("corp.test", "TXT"): ['"v=spf1 mx ip4:192.0.2.0/27 -all"', '"site-verification=1"'],
    ("_dmarc.corp.test", "TXT"): ['"v=DMARC1; p=reject"'],
    ("mail2026._domainkey.corp.test", "TXT"): [KEY],
    ("mail.corp.test", "A"): [ADDRESS],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["mail.corp.test."],
}
"""The records of a domain without a fault, for mail of noreply@corp.test that ADDRESS sends."""
LONG = [f'"{letter * 250}"' for letter in "xyz"]


def changed(**records: list[str] | None) -> Zone:
    """Return the good zone with other records: `dmarc`, `spf`, `mx`, `key`, `host`, `pointer`; None removes them."""
    names = {
        "mx": ("corp.test", "MX"), "spf": ("corp.test", "TXT"), "dmarc": ("_dmarc.corp.test", "TXT"),
        "key": ("mail2026._domainkey.corp.test", "TXT"), "host": ("mail.corp.test", "A"),
        "pointer": ("25.2.0.192.in-addr.arpa", "PTR"),
    }  # fmt: skip
    zone = {**GOOD, **{names[name]: value for name, value in records.items() if value is not None}}
    removed = {names[one] for one, given in records.items() if given is None}
    return {name: value for name, value in zone.items() if name not in removed}


@dataclass(frozen=True)
class Fault:
    """A zone, the names for which it fails, and the findings; `of_host` are those about the public address."""

    zone: Zone
    expected: set[str] = field(default_factory=set)
    of_host: set[str] = field(default_factory=set)
    failing: tuple[str, ...] = ()


FAULTS = {
    "none": Fault(GOOD),
    "long answers": Fault(changed(spf=['"v=spf1 mx -all"', *LONG])),
    "domain away": Fault({("25.2.0.192.in-addr.arpa", "PTR"): ["mail.corp.test."]}, {"sender-domain-missing"},
                         {"ptr-not-confirmed", "helo-not-found"}),
    "server fails": Fault(GOOD, {"dns-not-answering"}, set(), ("corp.test",)),
    "no mail": Fault(changed(mx=["0 ."], spf=['"v=spf1 ip4:192.0.2.25 -all"']), {"mx-missing"}),
    "no records": Fault(changed(mx=None, spf=None, dmarc=None), {"mx-missing", "spf-missing", "dmarc-missing"}),
    "two spf": Fault(changed(spf=['"v=spf1 mx -all"', '"v=spf1 -all"']), {"spf-invalid"}),
    "spf term": Fault(changed(spf=['"v=spf1 ipv4:192.0.2.25 -all"']), {"spf-invalid"}),
    "spf refuses": Fault(changed(spf=['"v=spf1 ip4:198.51.100.0/24 ~all"']), {"spf-refuses-host"}),
    "spf refuses, no key": Fault(
        changed(spf=['"v=spf1 ip4:198.51.100.0/24 -all"'], key=None),
        {"spf-refuses-host", "dkim-key-missing", "dmarc-not-aligned"}),
    "key revoked": Fault(changed(key=['"v=DKIM1; p="']), {"dkim-key-missing"}),
    "dmarc without policy": Fault(changed(dmarc=['"v=DMARC1; rua=mailto:x@corp.test"']), {"dmarc-invalid"}),
    "no pointer": Fault(changed(pointer=None), set(), {"ptr-missing"}),
    "other pointer": Fault({**GOOD, ("25.2.0.192.in-addr.arpa", "PTR"): ["host.provider.test."]}, set(), {"ptr-not-confirmed"}),
    "other helo": Fault(
        {**GOOD, ("mail.corp.test", "A"): ["192.0.2.14"], ("host.test", "A"): [ADDRESS],
         ("25.2.0.192.in-addr.arpa", "PTR"): ["host.test."]}, set(), {"helo-not-matching"}),
}
"""The findings by the names of the faults: "spf-missing" and so on are provoked here for module and service."""
