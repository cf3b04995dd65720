# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find the way that Postfix gave a message, and the parameter that chose it. Pure: lookups are a parameter.

The order of the parameters is that of Postfix: an address is rewritten first (canonical, virtual and local aliases), then
transport_maps decide, then the class of the domain, then the relay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .maillog import RELAY, Attempt
from .relay_match import next_hops, same_destination, takes
from .table_keys import address_keys, alias_keys, sender_keys, transport_keys

Look = Callable[[str, str], Optional[str]]
"""Query one lookup table: (type:name, key) -> value, None without an entry."""

PARAMETERS = (
    "relayhost", "sender_dependent_relayhost_maps", "transport_maps", "mydestination", "virtual_alias_domains",
    "virtual_alias_maps", "virtual_mailbox_domains", "relay_domains", "relay_transport", "default_transport",
    "recipient_canonical_maps", "canonical_maps", "alias_maps", "smtp_fallback_relay", "recipient_delimiter",
)
"""The parameters that choose the way of a message."""

_REWRITING = (
    ("recipient_canonical_maps", address_keys), ("canonical_maps", address_keys), ("virtual_alias_maps", address_keys),
    ("alias_maps", alias_keys),
)
# The parameters that make Postfix the last server of a domain. relay_domains only matter with their own next hop.
_CLASSES = ("mydestination", "virtual_mailbox_domains", "virtual_alias_domains")


@dataclass(frozen=True)
class Choice:
    """A parameter of main.cf that decided. ``table``, ``key`` and ``value`` are the entry; without a table they may be empty."""

    parameter: str
    value: str = ""
    table: str = ""
    key: str = ""

    @property
    def words(self) -> str:
        """Return the choice for a sentence."""
        if self.table:
            return f"{self.parameter} ({self.table}) has for {self.key}: {self.value or 'an empty value'}"
        return f"{self.parameter} contains {self.key}" if self.key else f"{self.parameter} = {self.value}"


@dataclass(frozen=True)
class Route:
    """The way of a message. ``relay`` is the server in the log; ``expected`` the relay that was set, None without one.

    ``recipient`` is the address in the end, ``changed`` whether Postfix has rewritten it; ``rewritten`` and ``chosen`` tell
    why. ``left``: another server was asked.
    """

    agent: str
    relay: Optional[str]
    recipient: str
    left: bool
    rewritten: Optional[Choice] = None
    changed: bool = False
    chosen: Optional[Choice] = None
    expected: Optional[Choice] = None
    by_relay: bool = False

    def as_result(self) -> Dict[str, Any]:
        """Return the route for the module's result."""
        return {
            "agent": self.agent, "relay": self.relay, "recipient": self.recipient, "left_host": self.left,
            "rewritten_by": _as_result(self.rewritten), "chosen_by": _as_result(self.chosen),
            "expected_relay": self.expected.value if self.expected else None,
        }


def _as_result(choice: Optional[Choice]) -> Optional[Dict[str, Any]]:
    if choice is None:
        return None
    return {"parameter": choice.parameter, "table": choice.table or None, "key": choice.key or None, "value": choice.value}


def read_route(attempt: Attempt, recipient: str, sender: str, settings: Mapping[str, str], look: Look) -> Route:
    """Return the way that ``attempt`` took. ``settings`` are PARAMETERS with their references resolved."""
    address = attempt.recipient or recipient
    changed = address.lower() != recipient.lower()
    destination = RELAY.fullmatch(attempt.relay or "")
    expected = expected_relay(sender, settings, look)
    override = _override(address, settings, look)
    if override and expected and same_destination(override.value, expected.value):
        override = None
    by_relay = bool(expected and destination and takes(expected.value, attempt.relay or ""))
    if expected and override and any(not hop.direct for hop in next_hops(expected.value)):
        by_relay = False  # The names of servers that are found by MX do not tell whether they are the relay's.
    chosen = expected if by_relay else override or _fallback(attempt, settings)
    return Route(
        attempt.process, attempt.relay, address, destination is not None,
        _rewriting(recipient, settings, look) if changed else None, changed, chosen, expected,
        by_relay or bool(chosen and chosen.parameter == "smtp_fallback_relay"))


def expected_relay(sender: str, settings: Mapping[str, str], look: Look) -> Optional[Choice]:
    """Return the relay that is set for mail of ``sender``; None when Postfix is to deliver directly."""
    delimiter = settings.get("recipient_delimiter", "")
    entry = _entry("sender_dependent_relayhost_maps", sender_keys(sender, delimiter), settings, look)
    if entry and entry.value.strip().upper() not in ("DUNNO", ""):
        return entry
    relayhost = settings.get("relayhost", "")
    if relayhost:
        return Choice("relayhost", relayhost)
    default = settings.get("default_transport", "").partition(":")[2]
    return Choice("default_transport", default) if default else None


def _rewriting(recipient: str, settings: Mapping[str, str], look: Look) -> Optional[Choice]:
    """Return the first entry that rewrites the address."""
    delimiter = settings.get("recipient_delimiter", "")
    for parameter, keys in _REWRITING:
        entry = _entry(parameter, keys(recipient, delimiter), settings, look)
        if entry and entry.value.lower() != recipient.lower():
            return entry
    return None


def _override(recipient: str, settings: Mapping[str, str], look: Look) -> Optional[Choice]:
    """Return what chose another way for the recipient than the relay."""
    delimiter = settings.get("recipient_delimiter", "")
    entry = _entry("transport_maps", transport_keys(recipient, delimiter), settings, look)
    if entry and entry.value not in ("", ":"):
        return entry
    domain = recipient.rpartition("@")[2].lower()
    for parameter in _CLASSES:
        found = _in_list(parameter, domain, settings, look)
        if found:
            return found
    if settings.get("relay_transport", "").partition(":")[2] and _in_list("relay_domains", domain, settings, look):
        return Choice("relay_transport", settings["relay_transport"])
    return None


def _fallback(attempt: Attempt, settings: Mapping[str, str]) -> Optional[Choice]:
    fallback = settings.get("smtp_fallback_relay", "")
    return Choice("smtp_fallback_relay", fallback) if fallback and takes(fallback, attempt.relay or "") else None


def _entry(parameter: str, keys: Sequence[str], settings: Mapping[str, str], look: Look) -> Optional[Choice]:
    """Return the entry of the parameter's tables for the first key that has one: every table is asked for a key in turn."""
    for key in keys:
        for table in tables(settings.get(parameter, "")):
            value = look(table, key)
            if value is not None:
                return Choice(parameter, value, table, key)
    return None


def _in_list(parameter: str, domain: str, settings: Mapping[str, str], look: Look) -> Optional[Choice]:
    """Return the choice when a list of domains, which may hold tables, has the domain."""
    for item in items(settings.get(parameter, "")):
        if ":" in item and not item.startswith("["):
            if look(item, domain) is not None:
                return Choice(parameter, item, item, domain)
        elif item.lower() == domain:
            return Choice(parameter, item, "", domain)
    return None


def tables(value: str) -> List[str]:
    """Return the tables of a parameter."""
    return [item for item in items(value) if ":" in item]


def items(value: str) -> Tuple[str, ...]:
    """Split the value of a parameter at commas and blanks, but not inside of braces."""
    found, depth, word = [], 0, ""
    for char in value:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0 and (char.isspace() or char == ","):
            found.append(word)
            word = ""
        else:
            word += char
    return tuple(one for one in [*found, word] if one)
