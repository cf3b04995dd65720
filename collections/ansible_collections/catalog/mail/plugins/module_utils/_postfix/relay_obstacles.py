# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Name a host's own settings that hinder a relay, or change the mail that it gets. Pure.

Source: postconf(5); SASL_README and TLS_README of Postfix.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence

from .main_cf import BLANKS
from .relay_for_senders import POLICY
from .relay_options import DesiredRelay
from .table_parameters import without

# A parameter that is not empty, and what it does to mail for the relay.
_SET: Dict[str, str] = {
    "transport_maps": "the destinations that it names do not go through the relay",
    "sender_dependent_default_transport_maps": "the senders that it names do not use the relay's transport",
    "smtp_tls_policy_maps": "for the destinations that it names it replaces the TLS level",
    "smtp_tls_per_site": "it may replace the TLS level",
    "content_filter": "all mail goes to this filter first",
    "defer_transports": "mail of these transports waits in the queue",
    "smtp_sasl_path": "it may take the login to another service",
    "smtp_sasl_auth_cache_name": "a login that failed is not tried again for a while",
    "smtp_tls_secure_cert_match": "it decides which names in the relay's certificate count",
    "smtp_tls_verify_cert_match": "it decides which names in the relay's certificate count",
    "smtp_bind_address": "the relay sees this address",
}
# A parameter with another value than its default, which is fit for a relay.
_USUAL: Dict[str, Sequence[str]] = {
    "default_transport": ("", "smtp"),
    "relay_transport": ("", "relay"),
    "smtp_sasl_type": ("", "cyrus"),
    "soft_bounce": ("", "no"),
}
_MASTER_OPTION = re.compile(r"-o[ \t]*\{?[ \t]*(\w+)[ \t]*=")
_RELAY_PARAMETERS = re.compile(r"relayhost|smtp_(?:sasl|tls)_|sender_dependent_|smtp_sender_dependent")


def obstacles(
    desired: DesiredRelay, parameters: Mapping[str, str], master_cf: str, readable: Sequence[str], in_hosts: Sequence[str] = ()
) -> List[str]:
    """Return one text each; ``readable`` are the files with passwords that every user of the host can read.

    ``in_hosts`` are the names of relays that /etc/hosts lists.
    """
    found = [f"{name} = {parameters[name]}: {effect}" for name, effect in _SET.items() if _others(parameters, name)]
    found += [
        f"{name} = {parameters[name]}, not {usual[1]}" for name, usual in _USUAL.items()
        if parameters.get(name, "") not in usual]
    offered = parameters.get("smtp_sasl_mechanism_filter", "")
    if offered and desired.has_account and not _allows_password(offered):
        found.append(f"smtp_sasl_mechanism_filter = {offered}: it allows neither PLAIN nor LOGIN, so that Postfix may not log in")
    found += [f"master.cf sets {name} for {service}, which replaces that of main.cf" for service, name in _overrides(master_cf)]
    if "native" not in parameters.get("smtp_host_lookup", ""):
        found += [f"/etc/hosts has {name}, and Postfix asks DNS alone: unless DNS knows it, set smtp_host_lookup = dns, native"
                  for name in in_hosts]
    return found + [f"{path} may hold passwords, and every user of this host can read it: chmod 600, or remove it"
                    for path in readable]


def message(found: Sequence[str]) -> str:
    """Return one message for all obstacles; empty without one."""
    if not found:
        return ""
    return f"This host has settings of its own that bear on the relay: {'; '.join(found)}. Remove those that are not meant."


def _others(parameters: Mapping[str, str], name: str) -> bool:
    """Whether a parameter has a value beside our own table."""
    value = parameters.get(name, "")
    own = re.search(rf":(/[^\s,]*/{POLICY})(?=[\s,]|$)", value)
    return bool((without(value, own[1]) if own else value).strip(BLANKS + ","))


def _allows_password(mechanisms: str) -> bool:
    words = [word.lower() for word in re.split(r"[\s,]+", mechanisms) if word]
    if any(re.search(r"[:/]", word) and not word.startswith("static:") for word in words):
        return True  # a table decides
    return any(f"!{name}" not in words and (name in words or "static:all" in words) for name in ("plain", "login"))


def _overrides(master_cf: str) -> List[List[str]]:
    """Return service and parameter of each option of an SMTP client in master.cf that overrides one of the relay."""
    found = []
    for line in re.sub(r"\n[ \t]+", " ", re.sub(r"(?m)^[ \t]*#.*\n", "", master_cf)).splitlines():
        words = line.split()
        if len(words) > 7 and words[7] == "smtp":
            found += [[words[0], name] for name in _MASTER_OPTION.findall(line) if _RELAY_PARAMETERS.match(name)]
    return found
