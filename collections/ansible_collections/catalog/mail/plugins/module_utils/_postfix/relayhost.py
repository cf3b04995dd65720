# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The main.cf parameters and lookup tables of a desired relay.

Source: SASL_README and TLS_README of Postfix; postconf(5) for each parameter.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence

from .._core.errors import InputRefused
from .lookup_table import Entry, Table
from .relay_for_senders import (
    all_local,
    authentication,
    kept_passwords,
    level_without_relay,
    parameters_for_senders,
    policies,
    policy_maps_without,
)
from .relay_options import DesiredRelay
from .relay_syntax import Relay, parse_relay
from .state import DesiredPostfix, Present

PASSWORDS = "sasl_passwd"
SENDER_RELAYS = "sender_relay"

# Every parameter that a relay may need. Those that a relay does not need are removed from main.cf.
MANAGED = (
    "relayhost",
    "sender_dependent_relayhost_maps",
    "smtp_sasl_auth_enable",
    "smtp_sasl_password_maps",
    "smtp_sasl_security_options",
    "smtp_sasl_tls_security_options",
    "smtp_sender_dependent_authentication",
    "smtp_tls_CAfile",
    "smtp_tls_security_level",
    "smtp_tls_wrappermode",
)

MANAGED_WITHOUT_LEVEL = tuple(name for name in MANAGED if name != "smtp_tls_security_level")


def desired_state(
    desired: DesiredRelay, present: Present, warnings: Sequence[str] = (), password_text: str = ""
) -> DesiredPostfix:
    """Return parameters and tables of a desired relay; ``warnings`` about the host are passed on.

    Parameters not needed are removed, except those that main.cf sets to their default. ``password_text`` is the present
    table of passwords: those of a relay that stays are kept.
    """
    relays = _relays(desired)
    _check(desired, relays)
    kept = kept_passwords(desired, present, password_text)
    passwords = _passwords(desired, kept, present)
    senders = _sender_relays(desired, present.config_directory, present.default_table_type)
    policy = policies(desired, present)
    now = present.main_cf.parameters
    if desired.for_senders_only:
        parameters = parameters_for_senders(desired, relays, (passwords, senders, policy), present)
    else:
        parameters = {**_exact(_parameters(desired, relays, passwords, senders), relays, present), **policy_maps_without(present)}
        if not relays:
            parameters.update(level_without_relay(now))
    return DesiredPostfix(parameters, (passwords, senders, policy), warnings=warnings if relays else ())


def _exact(needed: Mapping[str, str], relays: Sequence[Relay], present: Present) -> Dict[str, Optional[str]]:
    """Return the needed parameters, and the removal of those that a relay may need and this one does not."""
    parameters: Dict[str, Optional[str]] = dict(needed)
    now = present.main_cf.parameters
    for name in MANAGED if relays else MANAGED_WITHOUT_LEVEL:
        if name not in needed and now.get(name, "") not in ("", present.defaults.get(name, "")):
            parameters[name] = None
    return parameters


def _relays(desired: DesiredRelay) -> List[Relay]:
    relays = [parse_relay("relayhost", text) for text in desired.relayhost]
    for row in desired.sender_dependent:
        if row.relayhost:
            relays.append(parse_relay("sender_dependent.relayhost", row.relayhost))
    return relays


def _check(desired: DesiredRelay, relays: Sequence[Relay]) -> None:
    wrapper = {relay.wrapper_port for relay in relays}
    if wrapper == {True, False}:
        raise InputRefused(
            "relayhost", "a port of implicit TLS (465) is combined with others, and Postfix has one mode for all",
            "Use 465 for all of them, or 587 for all of them")
    if wrapper == {True} and desired.tls_level in ("none", "may"):
        raise InputRefused(
            "tls_level", f"port 465 uses implicit TLS, which needs a higher level than '{desired.tls_level}'",
            "Use encrypt, verify or secure")
    _check_account("", desired.username, desired.password)
    for row in desired.sender_dependent:
        _check_account("sender_dependent.", row.username, row.password)
    if desired.has_account and desired.tls_level == "none" and not all_local(relays):
        raise InputRefused(
            "tls_level", "with 'none' the password would cross the network readable by anyone",
            "Use secure, or encrypt where the relay's certificate cannot be verified")


def _check_account(prefix: str, username: Optional[str], password: Optional[str]) -> None:
    if username and ":" in username:
        raise InputRefused(
            f"{prefix}username", "it contains a colon, after which Postfix reads the password",
            "Use a user name without a colon")
    if bool(username) != bool(password) or username == "":
        raise InputRefused(
            f"{prefix}username", "user name and password go together, and one of them is missing or empty",
            "Give both, or leave both out for a relay without authentication")


def _passwords(desired: DesiredRelay, kept: Sequence[Entry], present: Present) -> Table:
    entries = [
        Entry(row.sender, f"{row.username}:{row.password}", secret=True) for row in desired.sender_dependent if row.username]
    if desired.username:
        entries += [Entry(relay, f"{desired.username}:{desired.password}", secret=True) for relay in desired.relayhost]
    entries += kept
    return Table(
        f"{present.config_directory}/{PASSWORDS}", present.default_table_type, tuple(entries), mode=0o600,
        present=bool(entries))


def _sender_relays(desired: DesiredRelay, directory: str, table_type: str) -> Table:
    entries = tuple(
        Entry(row.sender, row.relayhost) for row in desired.sender_dependent if row.relayhost)
    return Table(f"{directory}/{SENDER_RELAYS}", table_type, entries, present=bool(entries))


def _parameters(
    desired: DesiredRelay, relays: Sequence[Relay], passwords: Table, senders: Table
) -> Dict[str, str]:
    needed: Dict[str, str] = {}
    if not relays:
        return needed
    if desired.relayhost:
        needed["relayhost"] = ", ".join(desired.relayhost)
    if senders.present:
        needed["sender_dependent_relayhost_maps"] = f"{senders.type}:{senders.path}"
    needed["smtp_tls_security_level"] = desired.tls_level
    if relays[0].wrapper_port:
        needed["smtp_tls_wrappermode"] = "yes"
    if desired.ca_file and desired.tls_level != "none":
        needed["smtp_tls_CAfile"] = desired.ca_file
    if passwords.present:
        needed.update(authentication(desired, relays, passwords))
    return needed
