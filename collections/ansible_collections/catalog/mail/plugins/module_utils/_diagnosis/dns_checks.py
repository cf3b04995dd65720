# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check the records of a sender's domain and of a public address. Pure but for the questions asked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from .dns_answer import Dns, addresses_of, same_address
from .finding import Finding, found
from .spf import NONE, PERMERROR, TEMPERROR, SpfResult, check_spf

_TAG = re.compile(r"\s*([A-Za-z0-9_]{1,20})\s*=\s*([^;]{0,2000})")
_POLICIES = ("none", "quarantine", "reject")
MAX_PARENTS = 8
"""Names that are asked for a DMARC record, from the domain up."""


@dataclass(frozen=True)
class Sender:
    """The domains of the header From and of the envelope, and what is known of the sending host.

    Without ``public_address`` the result of SPF is not known; without ``selectors`` neither is DKIM. Domains are in lower case.
    """

    from_domain: str
    envelope_domain: str
    public_address: Optional[str] = None
    selectors: Sequence[str] = ()


def sender_of(
    from_address: str, envelope_from: str, public_address: Optional[str] = None, selectors: Sequence[str] = ()
) -> Sender:
    """Return the sender of messages with these addresses."""
    return Sender(_domain(from_address), _domain(envelope_from), public_address, tuple(selectors))


def _domain(address: str) -> str:
    """Return the domain of an address as the DNS has it."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def sender_findings(dns: Dns, sender: Sender) -> List[Finding]:
    """Return the findings about MX, SPF, DKIM and DMARC of a sender."""
    domain = sender.from_domain
    mail = dns.look_up(domain, "MX")
    spf = SpfResult(TEMPERROR) if mail.failed else check_spf(dns, sender.envelope_domain, sender.public_address)
    if spf.result == TEMPERROR:
        return [found("dns-not-answering", f"No answer about {domain}.")]
    if not mail.exists:
        return [found("sender-domain-missing", f"{domain} does not exist.")]
    keys = [(selector, _has_key(dns, selector, domain)) for selector in sender.selectors]
    return [
        *_of_mx(dns, domain, mail.records), *_of_spf(sender.envelope_domain, spf, sender.public_address), *_of_dkim(domain, keys),
        *_of_dmarc(dns, sender, spf, any(good for _selector, good in keys)),
    ]


def host_name_findings(dns: Dns, public_address: str, helo: str) -> Iterator[Finding]:
    """Yield the findings about PTR and HELO of the public address."""
    pointer = dns.look_up(ipaddress.ip_address(public_address).reverse_pointer, "PTR")
    if pointer.failed:
        yield found("dns-not-answering", f"No answer about the name of {public_address}.")
        return
    if not pointer.records:
        yield found("ptr-missing", f"{public_address} has no name.")
    elif not any(_leads_to(dns, name, public_address) for name in pointer.records[:10]):
        yield found("ptr-not-confirmed", f"{public_address} is called {', '.join(pointer.records[:10])}.")
    if helo:
        known = addresses_of(dns, helo)
        if not known.records and not known.failed:
            yield found("helo-not-found", f"This host says HELO {helo}.")
        elif known.records and not any(same_address(one, public_address) for one in known.records):
            yield found("helo-not-matching", f"{helo} has {', '.join(known.records[:10])}, not {public_address}.")


def _leads_to(dns: Dns, name: str, address: str) -> bool:
    return any(same_address(one, address) for one in addresses_of(dns, name).records)


def _of_mx(dns: Dns, domain: str, records: Sequence[str]) -> Iterator[Finding]:
    if records == ("0 .",):
        yield found("mx-missing", f"{domain} has the MX record '0 .', which says that it takes no mail (RFC 7505).")
    elif not records and not addresses_of(dns, domain).records:
        yield found("mx-missing", f"{domain} has neither MX records nor an address.")


def _of_spf(domain: str, spf: SpfResult, address: Optional[str]) -> Iterator[Finding]:
    if spf.result == NONE:
        yield found("spf-missing", f"{domain} has no TXT record that begins with v=spf1.")
    elif spf.result == PERMERROR:
        yield found("spf-invalid", f"{domain}: {spf.record}", f"The record is invalid: {spf.why}.")
    elif address and spf.result in ("fail", "softfail", "neutral"):
        yield found("spf-refuses-host", f"{domain}: {spf.record}", f"For {address} the result is {spf.result}.")


def _of_dkim(domain: str, keys: Sequence[Tuple[str, bool]]) -> Iterator[Finding]:
    for selector, good in keys:
        if not good:
            yield found("dkim-key-missing", f"{selector}._domainkey.{domain} has no TXT record with a key (p=...).")


def _has_key(dns: Dns, selector: str, domain: str) -> bool:
    """Whether there is a key that is not revoked (RFC 6376, 3.6.1)."""
    records = dns.look_up(f"{selector}._domainkey.{domain}", "TXT").records
    return any(_tags(record).get("v", "DKIM1") == "DKIM1" and _tags(record).get("p") for record in records)


def _of_dmarc(dns: Dns, sender: Sender, spf: SpfResult, dkim: bool) -> Iterator[Finding]:
    place, records = _policies(dns, sender.from_domain)
    if not records:
        yield found("dmarc-missing", f"_dmarc.{sender.from_domain} and the names above it have no TXT record with v=DMARC1.")
        return
    policy = _tags(records[0])
    if len(records) > 1 or policy.get("p", "").lower() not in _POLICIES:
        yield found("dmarc-invalid", *(f"{place}: {record}" for record in records[:5]))
        return
    organisation = place.partition("_dmarc.")[2]
    strict = policy.get("aspf", "r").lower() == "s"
    aligned = sender.envelope_domain == sender.from_domain or (
        not strict and _is_below(sender.envelope_domain, organisation) and _is_below(sender.from_domain, organisation))
    passes = spf.result == "pass" or (not sender.public_address and spf.result not in (NONE, PERMERROR))
    if not dkim and not (aligned and passes):
        yield found(
            "dmarc-not-aligned", f"{place}: {records[0]}",
            f"SPF is judged for {sender.envelope_domain}: its result is {spf.result}, and it is"
            f" {'' if aligned else 'not '}the domain of From, {sender.from_domain}.",
            "No selector with a valid DKIM key is known." if not dkim else "")


def _policies(dns: Dns, domain: str) -> Tuple[str, List[str]]:
    """Return the DMARC records of the domain, else of the nearest name above it that has any, and their name."""
    labels = domain.split(".")
    for number in range(min(len(labels) - 1, MAX_PARENTS)):
        place = f"_dmarc.{'.'.join(labels[number:])}"
        records = [one for one in dns.look_up(place, "TXT").records if one.replace(" ", "").lower().startswith("v=dmarc1")]
        if records:
            return place, records
    return f"_dmarc.{domain}", []


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _tags(record: str) -> Dict[str, str]:
    """Return the tags of a DKIM or DMARC record (RFC 6376, 3.2)."""
    found_tags = (_TAG.match(part) for part in record.split(";")[:50])
    return {tag.group(1): tag.group(2).strip() for tag in found_tags if tag}
