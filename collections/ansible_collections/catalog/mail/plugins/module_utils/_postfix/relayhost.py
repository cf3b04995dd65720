# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The main.cf parameters and lookup tables of a desired relay.

Source: SASL_README and TLS_README of Postfix; postconf(5) for each parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .._core.loopback import is_loopback
from .lookup_table import Entry, Table
from .parameters import TLS_CLIENT_LEVELS
from .relay_syntax import Relay, parse_relay
from .state import DesiredPostfix, Present

LEVELS = TLS_CLIENT_LEVELS
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

# Levels with which direct delivery to most servers fails once the relay is removed.
MANDATORY_LEVELS = ("encrypt", "dane-only", "fingerprint", "verify", "secure")


@dataclass(frozen=True)
class SenderRelay:
    """Relay and account for mail of one sender (an address, or ``@domain``)."""

    sender: str
    relayhost: Optional[str] = None
    username: Optional[str] = None
    password: Optional[str] = None


@dataclass(frozen=True)
class DesiredRelay:
    """The desired relay of a host. Without relays and senders the host delivers directly."""

    relayhost: Tuple[str, ...] = ()
    username: Optional[str] = None
    password: Optional[str] = None
    tls_level: str = "secure"
    ca_file: Optional[str] = None
    sender_dependent: Tuple[SenderRelay, ...] = ()

    @property
    def has_account(self) -> bool:
        """Whether Postfix logs in at any relay."""
        return bool(self.username or any(row.username for row in self.sender_dependent))


def desired_relay_of(params: Mapping[str, Any]) -> DesiredRelay:
    """Read the module's options. Raises InputRefused when they name no relay."""
    if params["state"] == "absent":
        return DesiredRelay()
    if not params["relayhost"] and not params["sender_dependent"]:
        raise InputRefused("relayhost", "no relay is named", "Name one, or use state: absent")
    rows = tuple(
        SenderRelay(row["sender"], row.get("relayhost"), row.get("username"), row.get("password"))
        for row in params["sender_dependent"])
    return DesiredRelay(
        tuple(params["relayhost"]), params.get("username"), params.get("password"), params["tls_level"],
        params.get("ca_file"), rows)


def desired_state(desired: DesiredRelay, present: Present, warnings: Sequence[str] = ()) -> DesiredPostfix:
    """Return parameters and tables of a desired relay; ``warnings`` about the host are passed on.

    Parameters not needed are removed, except those that main.cf sets to their default.
    """
    relays = _relays(desired)
    _check(desired, relays)
    passwords = _passwords(desired, present.config_directory, present.default_table_type)
    senders = _sender_relays(desired, present.config_directory, present.default_table_type)
    needed = _parameters(desired, relays, passwords, senders)
    parameters: Dict[str, Optional[str]] = dict(needed)
    now = present.main_cf.parameters
    for name in MANAGED if relays else MANAGED_WITHOUT_LEVEL:
        if name not in needed and now.get(name, "") not in ("", present.defaults.get(name, "")):
            parameters[name] = None
    if not relays:
        parameters.update(_level_without_relay(now))
    return DesiredPostfix(parameters, (passwords, senders), warnings=[*warnings, *_warnings(now)] if relays else ())


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
    if desired.has_account and desired.tls_level == "none" and not _all_local(relays):
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


def _all_local(relays: Sequence[Relay]) -> bool:
    return all(is_loopback(relay.host) for relay in relays)


def _passwords(desired: DesiredRelay, directory: str, table_type: str) -> Table:
    entries = []
    for row in desired.sender_dependent:
        if row.username:
            entries.append(Entry(row.sender, f"{row.username}:{row.password}", secret=True))
    if desired.username:
        for relay in desired.relayhost:
            entries.append(Entry(relay, f"{desired.username}:{desired.password}", secret=True))
    return Table(
        f"{directory}/{PASSWORDS}", table_type, tuple(entries), mode=0o600, present=bool(entries))


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
        needed.update(_authentication(desired, relays, passwords))
    return needed


def _authentication(desired: DesiredRelay, relays: Sequence[Relay], passwords: Table) -> Dict[str, str]:
    """Return the SASL parameters: Postfix sends passwords over TLS only, except to this host itself."""
    needed = {
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"{passwords.type}:{passwords.path}",
        "smtp_sasl_tls_security_options": "noanonymous",
    }
    if _all_local(relays):
        needed["smtp_sasl_security_options"] = "noanonymous"
    if any(row.username for row in desired.sender_dependent):
        needed["smtp_sender_dependent_authentication"] = "yes"
    return needed


def _level_without_relay(present: Mapping[str, str]) -> Dict[str, str]:
    """Return the TLS level without a relay: opportunistic instead of the relay's mandatory level."""
    mandatory = present.get("smtp_tls_security_level") in MANDATORY_LEVELS
    return {"smtp_tls_security_level": "may"} if mandatory else {}


def _warnings(parameters: Mapping[str, str]) -> List[str]:
    """Return warnings of parameters that bypass the relay or its TLS level."""
    found = []
    if parameters.get("transport_maps"):
        found.append("transport_maps is set: the destinations it names do not go through the relay.")
    if parameters.get("smtp_tls_policy_maps"):
        found.append("smtp_tls_policy_maps is set: for the destinations it names it replaces tls_level.")
    return found
