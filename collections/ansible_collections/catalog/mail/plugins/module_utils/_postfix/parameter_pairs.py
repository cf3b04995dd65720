# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check parameters that Postfix accepts one by one, and whose combination stops a daemon or all mail.

Source: the messages of the daemons of Postfix 3.7 and 3.10 (local, virtual, smtpd, smtp, tlsmgr, trivial-rewrite), postconf(5).
"""

from __future__ import annotations

import re
from typing import Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from .._core.errors import InputRefused


class _Delivery(NamedTuple):
    """A delivery agent that ends at once when its limit is below ``message_size_limit``, and the parameter that uses it."""

    agent: str
    limit: str
    used_by: str


_DELIVERIES = (
    _Delivery("local", "mailbox_size_limit", "mydestination"),
    _Delivery("virtual", "virtual_mailbox_limit", "virtual_mailbox_domains"),
)
# smtpd refuses all mail without one of these.
_GUARDS = (
    "reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit", "check_relay_domains")
_RESTRICTIONS = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
_CACHES = tuple(f"{side}_tls_session_cache_database" for side in ("smtpd", "smtp", "lmtp"))
# The classes of domains; trivial-rewrite warns of a domain in two of them, and delivers its mail by the first.
_CLASSES = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains")
_WORDS = re.compile(r"[\s,]+")


def check_pairs(changed: Iterable[str], effective: Mapping[str, str]) -> List[str]:
    """Return warnings about the parameters after a change; only combinations with a ``changed`` one are looked at.

    Raises InputRefused for a combination that stops mail. Values that refer to other parameters are left to Postfix.
    """
    known = {name: value for name, value in effective.items() if "$" not in value}
    touched = frozenset(changed)
    for delivery in _DELIVERIES:
        if _is_set(effective, delivery.used_by):
            _check_limits(touched, known, delivery)
    _check_guards(touched, effective)
    _check_caches(touched, known)
    return [text for text in (_low_disk(touched, known), _dane(touched, known), *_shared_domains(touched, known)) if text]


def _check_limits(touched: FrozenSet[str], known: Mapping[str, str], delivery: _Delivery) -> None:
    message, mailbox = _number(known, "message_size_limit"), _number(known, delivery.limit)
    if message is None or mailbox is None:
        return
    name = _first(touched, ("message_size_limit", delivery.limit, delivery.used_by))
    if name and mailbox and (not message or mailbox < message):
        size = "no limit" if not message else str(message)
        raise InputRefused(
            f"parameters.{name}",
            f"{delivery.agent}(8) delivers nothing while {delivery.limit} ({mailbox}) is below message_size_limit ({size})",
            f"Set {delivery.limit} to 0, which is no limit, or to message_size_limit or more as well")


def _check_guards(touched: FrozenSet[str], effective: Mapping[str, str]) -> None:
    name = _first(touched, _RESTRICTIONS)
    both = " ".join(effective.get(one, "$") for one in _RESTRICTIONS)
    # A class of restrictions of the administrator's own may hold one.
    unknown = "$" in both or effective.get("smtpd_restriction_classes")
    if name and not unknown and not set(_words(both)) & set(_GUARDS):
        raise InputRefused(
            f"parameters.{name}", f"without a restriction such as {_GUARDS[0]} smtpd refuses all mail",
            f"Add {_GUARDS[0]} to {_RESTRICTIONS[0]} or {_RESTRICTIONS[1]}")


def _check_caches(touched: FrozenSet[str], known: Mapping[str, str]) -> None:
    seen: Dict[str, str] = {}
    for name in _CACHES:
        cache = known.get(name, "")
        if cache and cache in seen and touched & {name, seen[cache]}:
            raise InputRefused(
                f"parameters.{_first(touched, (name, seen[cache]))}", f"{seen[cache]} and {name} name the same file",
                "Give each a file of its own: tlsmgr(8) ends otherwise, and with it all TLS")
        seen.setdefault(cache, name)


def _low_disk(touched: FrozenSet[str], known: Mapping[str, str]) -> str:
    free, message = _number(known, "queue_minfree"), _number(known, "message_size_limit")
    if not free or not message or free * 2 >= message * 3 or not touched & {"queue_minfree", "message_size_limit"}:
        return ""
    return (f"queue_minfree ({free}) is less than 1.5 times message_size_limit ({message}): smtpd raises it by itself, "
            "and warns in the mail log.")


def _dane(touched: FrozenSet[str], known: Mapping[str, str]) -> str:
    for side in ("smtp", "lmtp"):
        level, support = f"{side}_tls_security_level", f"{side}_dns_support_level"
        if touched & {level, support} and known.get(level, "").startswith("dane") and known.get(support, "dnssec") != "dnssec":
            return f"{level} is {known[level]}, which needs {support} = dnssec: without it Postfix uses no TLSA record."
    return ""


def _shared_domains(touched: FrozenSet[str], known: Mapping[str, str]) -> List[str]:
    found = []
    for place, one in enumerate(_CLASSES):
        for other in _CLASSES[place + 1:]:
            both = sorted(_domains(known.get(one, "")) & _domains(known.get(other, "")))
            if both and touched & {one, other}:
                found.append(f"{one} and {other} both list {', '.join(both)}: leave it in one of them, or its mail may be "
                             "delivered where nobody expects it.")
    return found


def _domains(value: str) -> FrozenSet[str]:
    return frozenset(word.lower() for word in _words(value) if not re.search(r"[:/!]", word))


def _words(value: str) -> List[str]:
    return [word for word in _WORDS.split(value) if word]


def _is_set(effective: Mapping[str, str], name: str) -> bool:
    """Whether a parameter is not empty; a value that is only a reference, as $virtual_mailbox_maps, counts as what it names."""
    value = effective.get(name, "")
    reference = re.fullmatch(r"\$\{?(\w+)\}?", value)
    return bool(effective.get(reference[1], "") if reference and reference[1] != name else value)


def _number(known: Mapping[str, str], name: str) -> Optional[int]:
    value = known.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else None


def _first(touched: FrozenSet[str], names: Tuple[str, ...]) -> str:
    return next((name for name in names if name in touched), "")
