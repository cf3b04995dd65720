# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The parameters of a relay for the mail of some senders, which leave the mail of all others as it was. Pure.

Their TLS level is a policy of the relay as next hop (postconf(5), smtp_tls_policy_maps), since smtp_tls_security_level
holds for all mail.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .._core.loopback import is_loopback
from .lookup_table import Entry, Table, parse_table
from .relay_options import DesiredRelay
from .relay_syntax import Relay
from .state import Present
from .table_parameters import naming, without

POLICY = "sender_relay_policy"
POLICY_MAPS = "smtp_tls_policy_maps"
VERIFYING_LEVELS = ("verify", "secure")

# Levels with which direct delivery to most servers fails once the relay is removed.
MANDATORY_LEVELS = ("encrypt", "dane-only", "fingerprint", "verify", "secure")


def policies(desired: DesiredRelay, present: Present) -> Table:
    """Return the table with the TLS level of each sender's relay; absent when all mail has one level."""
    relays = [row.relayhost for row in desired.sender_dependent if row.relayhost] if desired.for_senders_only else []
    entries = tuple(Entry(relay, desired.tls_level) for relay in dict.fromkeys(relays))
    return Table(f"{present.config_directory}/{POLICY}", present.default_table_type, entries, present=bool(entries))


def policy_maps_without(present: Present) -> Dict[str, Optional[str]]:
    """Return the change of smtp_tls_policy_maps when no sender has a policy."""
    now = present.main_cf.parameters.get(POLICY_MAPS, "")
    after = without(now, f"{present.config_directory}/{POLICY}")
    return {} if after == now else {POLICY_MAPS: after or None}


def kept_passwords(desired: DesiredRelay, present: Present, text: str) -> List[Entry]:
    """Return the passwords in the present table for the relay of all other senders, when it stays."""
    relays = _present_relays(present) if desired.for_senders_only and desired.keeps_others else []
    return [Entry(key, value, secret=True) for key, value in parse_table(text) if key in relays and value]


def _present_relays(present: Present) -> List[str]:
    return [word for word in re.split(r"[\s,]+", present.main_cf.parameters.get("relayhost", "")) if word]


def parameters_for_senders(
    desired: DesiredRelay, relays: Sequence[Relay], tables: Tuple[Table, Table, Table], present: Present
) -> Dict[str, Optional[str]]:
    """Return the parameters; the tables are those of passwords, relays and TLS levels. Raises InputRefused."""
    passwords, senders, policy = tables
    now = present.main_cf.parameters
    others = _present_relays(present)
    _check_senders(desired, others)
    _check_wrapper(relays, desired.keeps_others and now.get("smtp_tls_wrappermode") == "yes")
    parameters: Dict[str, Optional[str]] = {}
    if not desired.keeps_others and others:
        parameters = {"relayhost": None, **level_without_relay(now)}
        if now.get("smtp_tls_wrappermode") == "yes":
            parameters["smtp_tls_wrappermode"] = None
    for name, table in (("sender_dependent_relayhost_maps", senders), (POLICY_MAPS, policy)):
        parameters.update(_named(name, table, now))
    if passwords.present:
        parameters.update(authentication(desired, relays, passwords))
        parameters["smtp_sasl_password_maps"] = naming(now.get("smtp_sasl_password_maps", ""), passwords, None)
    else:
        parameters.update(_without_login(passwords, now))
    parameters.update(_authorities(desired, now))
    return parameters


def _named(name: str, table: Table, now: Mapping[str, str]) -> Dict[str, Optional[str]]:
    before = now.get(name, "")
    after = naming(before, table, None) if table.present else without(before, table.path)
    return {name: after or None} if table.present or after != before else {}


def _without_login(passwords: Table, now: Mapping[str, str]) -> Dict[str, Optional[str]]:
    """Return the removal of an earlier login; Postfix's client ends when it is to log in without any table."""
    changes = _named("smtp_sasl_password_maps", passwords, now)
    if changes.get("smtp_sasl_password_maps", "") is None:
        names = ("smtp_sasl_auth_enable", "smtp_sasl_tls_security_options", "smtp_sender_dependent_authentication")
        changes.update({name: None for name in names if name in now})
    return changes


def _check_senders(desired: DesiredRelay, others: Sequence[str]) -> None:
    for row in desired.sender_dependent:
        if not row.relayhost and not (desired.keeps_others and others):
            raise InputRefused(
                "sender_dependent.relayhost", f"the mail of {row.sender} has a login and no relay to use it at", "Name the relay")


def _check_wrapper(relays: Sequence[Relay], wrapped: bool) -> None:
    if any(relay.wrapper_port != wrapped for relay in relays):
        raise InputRefused(
            "sender_dependent.relayhost",
            "implicit TLS (port 465) is a mode of Postfix for all mail or for none, and all other mail "
            + ("uses it" if wrapped else "does not use it"),
            "Use port 465" if wrapped else "Use port 587")


def _authorities(desired: DesiredRelay, now: Mapping[str, str]) -> Dict[str, Optional[str]]:
    """Return the file of authorities; that of others stays when their certificates are verified with it."""
    before = now.get("smtp_tls_CAfile", "")
    if not desired.ca_file or desired.tls_level not in VERIFYING_LEVELS or before == desired.ca_file:
        return {}
    if before and now.get("smtp_tls_security_level") in VERIFYING_LEVELS:
        if not desired.ca_named:
            return {}
        raise InputRefused(
            "ca_file", f"all other mail is verified with the authorities in {before} (smtp_tls_CAfile)",
            "Put the authorities of both into one file, and name this file here")
    return {"smtp_tls_CAfile": desired.ca_file}


def level_without_relay(present: Mapping[str, str]) -> Dict[str, Optional[str]]:
    """Return the TLS level without a relay: opportunistic instead of the relay's mandatory level."""
    mandatory = present.get("smtp_tls_security_level") in MANDATORY_LEVELS
    return {"smtp_tls_security_level": "may"} if mandatory else {}


def all_local(relays: Sequence[Relay]) -> bool:
    """Whether each relay is this host itself."""
    return all(is_loopback(relay.host) for relay in relays)


def authentication(desired: DesiredRelay, relays: Sequence[Relay], passwords: Table) -> Dict[str, str]:
    """Return the SASL parameters: Postfix sends passwords over TLS only, except to this host itself."""
    needed = {
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"{passwords.type}:{passwords.path}",
        "smtp_sasl_tls_security_options": "noanonymous",
    }
    if all_local(relays):
        needed["smtp_sasl_security_options"] = "noanonymous"
    if any(row.username for row in desired.sender_dependent):
        needed["smtp_sender_dependent_authentication"] = "yes"
    return needed
