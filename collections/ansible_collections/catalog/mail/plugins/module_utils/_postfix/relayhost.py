# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""A relay as an intention, made into main.cf parameters and lookup tables.

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
from .state import Desired, Present

LEVELS = TLS_CLIENT_LEVELS
PASSWORDS = "sasl_passwd"
SENDER_RELAYS = "sender_relay"

# Every parameter that a relay may need. What a relay does not need is removed from main.cf.
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

# Levels that would make direct delivery to most of the world fail, once the relay is gone.
MANDATORY_LEVELS = ("encrypt", "dane-only", "fingerprint", "verify", "secure")


@dataclass(frozen=True)
class SenderRelay:
    """Where mail of one sender (an address, or ``@domain``) goes, and with which account."""

    sender: str
    relayhost: Optional[str] = None
    username: Optional[str] = None
    password: Optional[str] = None


@dataclass(frozen=True)
class Intention:
    """The relay that a host shall use. No relays and no senders: none at all."""

    relayhost: Tuple[str, ...] = ()
    username: Optional[str] = None
    password: Optional[str] = None
    tls_level: str = "secure"
    ca_file: Optional[str] = None
    sender_dependent: Tuple[SenderRelay, ...] = ()

    @property
    def has_account(self) -> bool:
        """Whether Postfix is to log in at any relay."""
        return bool(self.username or any(row.username for row in self.sender_dependent))


def intention_of(params: Mapping[str, Any]) -> Intention:
    """An intention from the options of the module; raises InputRefused where they say nothing."""
    if params["state"] == "absent":
        return Intention()
    if not params["relayhost"] and not params["sender_dependent"]:
        raise InputRefused("relayhost", "no relay is named", "Name one, or use state: absent")
    rows = tuple(
        SenderRelay(row["sender"], row.get("relayhost"), row.get("username"), row.get("password"))
        for row in params["sender_dependent"])
    return Intention(
        tuple(params["relayhost"]), params.get("username"), params.get("password"), params["tls_level"],
        params.get("ca_file"), rows)


def desired_state(intention: Intention, present: Present, warnings: Sequence[str] = ()) -> Desired:
    """Parameters and tables for an intention; ``warnings`` are those of the host, passed on.

    What is not needed is removed, save where main.cf already says what the default says.
    """
    relays = _relays(intention)
    _check(intention, relays)
    passwords = _passwords(intention, present.config_directory, present.default_table_type)
    senders = _sender_relays(intention, present.config_directory, present.default_table_type)
    wanted = _parameters(intention, relays, passwords, senders)
    parameters: Dict[str, Optional[str]] = dict(wanted)
    now = present.main_cf.parameters
    for name in MANAGED if relays else MANAGED_WITHOUT_LEVEL:
        if name not in wanted and now.get(name, "") not in ("", present.defaults.get(name, "")):
            parameters[name] = None
    if not relays:
        parameters.update(_level_without_relay(now))
    return Desired(parameters, (passwords, senders), warnings=[*warnings, *_warnings(now)] if relays else ())


def _relays(intention: Intention) -> List[Relay]:
    relays = [parse_relay("relayhost", text) for text in intention.relayhost]
    for row in intention.sender_dependent:
        if row.relayhost:
            relays.append(parse_relay("sender_dependent.relayhost", row.relayhost))
    return relays


def _check(intention: Intention, relays: Sequence[Relay]) -> None:
    wrapper = {relay.wrapper_port for relay in relays}
    if wrapper == {True, False}:
        raise InputRefused(
            "relayhost", "one port of implicit TLS (465) stands beside others, and Postfix knows one mode for all",
            "Use 465 for all of them, or 587 for all of them")
    if wrapper == {True} and intention.tls_level in ("none", "may"):
        raise InputRefused(
            "tls_level", f"port 465 speaks TLS from the first byte, which '{intention.tls_level}' does not promise",
            "Use encrypt, verify or secure")
    _check_account("", intention.username, intention.password)
    for row in intention.sender_dependent:
        _check_account("sender_dependent.", row.username, row.password)
    if intention.has_account and intention.tls_level == "none" and not _all_local(relays):
        raise InputRefused(
            "tls_level", "with 'none' the password would cross the network readable by anyone",
            "Use secure, or encrypt where the relay's certificate cannot be verified")


def _check_account(prefix: str, username: Optional[str], password: Optional[str]) -> None:
    if username and ":" in username:
        raise InputRefused(
            f"{prefix}username", "it holds a colon, where Postfix begins the password",
            "Use a user name without a colon")
    if bool(username) != bool(password) or username == "":
        raise InputRefused(
            f"{prefix}username", "user name and password go together, and one of them is missing or empty",
            "Give both, or leave both out for a relay without authentication")


def _all_local(relays: Sequence[Relay]) -> bool:
    return all(is_loopback(relay.host) for relay in relays)


def _passwords(intention: Intention, directory: str, table_type: str) -> Table:
    entries = []
    for row in intention.sender_dependent:
        if row.username:
            entries.append(Entry(row.sender, f"{row.username}:{row.password}", secret=True))
    if intention.username:
        for relay in intention.relayhost:
            entries.append(Entry(relay, f"{intention.username}:{intention.password}", secret=True))
    return Table(
        f"{directory}/{PASSWORDS}", table_type, tuple(entries), mode=0o600, present=bool(entries))


def _sender_relays(intention: Intention, directory: str, table_type: str) -> Table:
    entries = tuple(
        Entry(row.sender, row.relayhost) for row in intention.sender_dependent if row.relayhost)
    return Table(f"{directory}/{SENDER_RELAYS}", table_type, entries, present=bool(entries))


def _parameters(
    intention: Intention, relays: Sequence[Relay], passwords: Table, senders: Table
) -> Dict[str, str]:
    wanted: Dict[str, str] = {}
    if not relays:
        return wanted
    if intention.relayhost:
        wanted["relayhost"] = ", ".join(intention.relayhost)
    if senders.present:
        wanted["sender_dependent_relayhost_maps"] = f"{senders.type}:{senders.path}"
    wanted["smtp_tls_security_level"] = intention.tls_level
    if relays[0].wrapper_port:
        wanted["smtp_tls_wrappermode"] = "yes"
    if intention.ca_file and intention.tls_level != "none":
        wanted["smtp_tls_CAfile"] = intention.ca_file
    if passwords.present:
        wanted.update(_authentication(intention, relays, passwords))
    return wanted


def _authentication(intention: Intention, relays: Sequence[Relay], passwords: Table) -> Dict[str, str]:
    """SASL: a password goes out over TLS only, save to this very host."""
    wanted = {
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"{passwords.type}:{passwords.path}",
        "smtp_sasl_tls_security_options": "noanonymous",
    }
    if _all_local(relays):
        wanted["smtp_sasl_security_options"] = "noanonymous"
    if any(row.username for row in intention.sender_dependent):
        wanted["smtp_sender_dependent_authentication"] = "yes"
    return wanted


def _level_without_relay(present: Mapping[str, str]) -> Dict[str, str]:
    """Direct delivery keeps opportunistic TLS where the relay had a mandatory level."""
    mandatory = present.get("smtp_tls_security_level") in MANDATORY_LEVELS
    return {"smtp_tls_security_level": "may"} if mandatory else {}


def _warnings(parameters: Mapping[str, str]) -> List[str]:
    """What else in a main.cf keeps mail from the relay, or from its TLS level."""
    found = []
    if parameters.get("transport_maps"):
        found.append("transport_maps is set: the destinations it names do not go through the relay.")
    if parameters.get("smtp_tls_policy_maps"):
        found.append("smtp_tls_policy_maps is set: for the destinations it names it replaces tls_level.")
    return found
