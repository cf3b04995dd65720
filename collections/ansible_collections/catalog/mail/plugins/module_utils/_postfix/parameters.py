# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Convert YAML values to values of main.cf parameters, and validate them.

Postfix finds many wrong values only when a daemon reads them, so they are checked here before anything is
written. The default tells the type of most parameters: ``yes`` or ``no`` is a boolean, a number an integer, a
number with a unit a time.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from .._core.errors import InputRefused
from .main_cf import folded
from .relay_syntax import check_relays, uses_wrapper_port

TLS_CLIENT_LEVELS = ("none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure")

# postconf(5): parameters with a fixed set of words; some of them take a list of these words.
ENUMS: Dict[str, Iterable[str]] = {
    "smtp_tls_security_level": TLS_CLIENT_LEVELS,
    "lmtp_tls_security_level": TLS_CLIENT_LEVELS,
    "smtpd_tls_security_level": ("none", "may", "encrypt"),
    "mynetworks_style": ("class", "subnet", "host"),
    "smtp_sasl_type": ("cyrus", "dovecot"),
    "lmtp_sasl_type": ("cyrus", "dovecot"),
    "smtpd_sasl_type": ("cyrus", "dovecot"),
    "smtp_address_preference": ("any", "ipv4", "ipv6"),
    "lmtp_address_preference": ("any", "ipv4", "ipv6"),
    "smtp_dns_support_level": ("disabled", "enabled", "dnssec"),
    "lmtp_dns_support_level": ("disabled", "enabled", "dnssec"),
    "smtpd_forbid_bare_newline": ("yes", "no", "normalize", "reject", "note"),
    "smtp_tls_note_starttls_offer": ("yes", "no"),
}
WORD_LISTS: Dict[str, Iterable[str]] = {
    "inet_protocols": ("all", "ipv4", "ipv6"),
    "smtp_host_lookup": ("dns", "native"),
    "lmtp_host_lookup": ("dns", "native"),
    "smtp_sasl_security_options": (
        "noplaintext", "noactive", "nodictionary", "noanonymous", "mutual_auth"),
    "smtp_sasl_tls_security_options": (
        "noplaintext", "noactive", "nodictionary", "noanonymous", "mutual_auth"),
    "notify_classes": ("bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"),
}

KNOWN_TABLE_TYPES = frozenset((
    "btree", "cdb", "cidr", "dbm", "environ", "fail", "hash", "inline", "internal", "ldap", "lmdb", "memcache",
    "mongodb", "mysql", "nis", "nisplus", "pcre", "pgsql", "pipemap", "randmap", "regexp", "sdbm", "socketmap",
    "sqlite", "static", "tcp", "texthash", "unionmap"))

# Parameters whose values contain a colon but are not tables.
NOT_TABLES = ("_transport", "relayhost", "_milters", "_service_name")

# Parameters whose values are tables, or lists that may hold tables: an unknown word before a colon is a wrong type there.
LISTS_OF_TABLES = ("_maps", "_checks", "_domains", "_networks", "_database", "_table", "mydestination", "mynetworks")
_CHECKED_BY_TABLE = re.compile(r"\bcheck_[a-z_]+_(?:access|maps)[\s,]+(?:proxy:)?([a-z][a-z0-9]*):")

# Parameters with a number as default that also accept a service's name, a version or a formula.
NOT_ONLY_NUMBERS = ("_port", "compatibility_level", "_feedback")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TABLE = re.compile(r"(?:^|[\s,{=])(?:proxy:)?([a-z][a-z0-9]*):(?=[/$\w{])")
_FILE_TABLE = re.compile(r"(?:^|[\s,{=])(?:proxy:)?([a-z][a-z0-9]*):(/[^\s,{}$]+)(?=$|[\s,}])")
_INTEGER = re.compile(r"-?[0-9]+\Z")
_TIME = re.compile(r"[0-9]+[smhdw]\Z")
_TIME_VALUE = re.compile(r"[0-9]+[smhdw]?\Z")


def postfix_values(parameters: Mapping[str, Any]) -> Dict[str, Optional[str]]:
    """Convert YAML values to the form that Postfix reads; ``None``, which removes the parameter, is kept.

    Raises InputRefused for an invalid name and for a value that main.cf cannot hold.
    """
    return {_checked_name(name): _postfix_value(str(name), value) for name, value in parameters.items()}


def _checked_name(name: Any) -> str:
    if isinstance(name, str) and _NAME.match(name):
        return name
    raise InputRefused(
        "parameters", f"'{name}' is not the name of a Postfix parameter",
        "Use letters, digits and underscores, as in postconf(5)")


def _postfix_value(name: str, value: Any) -> Optional[str]:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_item(name, item) for item in value)
    if isinstance(value, str):
        return _one_line(name, value)
    raise InputRefused(
        f"parameters.{name}", f"a {type(value).__name__} cannot be written to main.cf",
        "Give a string, a number, a boolean, a list of strings, or null to remove the parameter")


def _item(name: str, item: Any) -> str:
    if isinstance(item, (str, int)) and not isinstance(item, bool) and folded(str(item)):
        return _one_line(name, str(item))
    raise InputRefused(
        f"parameters.{name}", f"the list holds {item!r}", "Let every item be a string that is not empty")


def _one_line(name: str, value: str) -> str:
    if _CONTROL.search(value.strip("\n")):
        raise InputRefused(
            f"parameters.{name}", "the value holds a newline or another control character",
            "Write it on one line (in YAML a folded '>-' text, or a list)")
    return folded(value)


def check_known(names: Iterable[str], known: Iterable[str], allow_unknown: bool) -> None:
    """Raise InputRefused, with a similar name, for a parameter that this Postfix does not have."""
    if allow_unknown:
        return
    known = set(known)
    for name in names:
        if name not in known:
            raise InputRefused(
                f"parameters.{name}", "this Postfix has no such parameter" + _proposal(name, known),
                "Correct the name, or set allow_unknown for a parameter that master.cf refers to")


def _proposal(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (did you mean '{near}'?)" if near else ""


def nearest(name: str, known: Iterable[str], alike: float = 0.8) -> Optional[str]:
    """Return the known name most similar to ``name``; None when no name is similar. ``alike`` is difflib's ratio."""
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=alike)
    return found[0] if found else None


def check_values(
    changed: Mapping[str, Optional[str]],
    effective: Mapping[str, str],
    defaults: Mapping[str, str],
    table_types: Iterable[str],
) -> None:
    """Raise InputRefused for values that Postfix would reject only at run time.

    ``changed`` are the parameters that this task sets, ``effective`` all parameters after the change, ``defaults``
    those of this Postfix, ``table_types`` the output of ``postconf -m``. Values that refer to other parameters
    (``$name``) are left to Postfix.
    """
    types = set(table_types)
    for name, value in changed.items():
        if value is None:
            continue
        if "$" not in value:
            _check_word(name, value, defaults.get(name, ""))
        _check_tables(name, value, types)
        _check_password_table(name, value)
    _check_relay(changed, effective)


def _check_word(name: str, value: str, default: str) -> None:
    if name in ENUMS:
        _require(name, [value] if value else [], ENUMS[name])
    elif name in WORD_LISTS:
        _require(name, [word for word in re.split(r"[\s,]+", value) if word], WORD_LISTS[name])
    elif default in ("yes", "no"):
        if value.lower() not in ("yes", "no"):
            raise InputRefused(
                f"parameters.{name}", f"'{value}' is not a boolean of Postfix", "Write yes or no")
    elif _INTEGER.match(default):
        if not _INTEGER.match(value) and not name.endswith(NOT_ONLY_NUMBERS):
            raise InputRefused(f"parameters.{name}", f"'{value}' is not a number", "Write a whole number")
    elif _TIME.match(default) and not _TIME_VALUE.match(value):
        raise InputRefused(
            f"parameters.{name}", f"'{value}' is not a time", "Write a whole number and one of s, m, h, d, w")


def _require(name: str, words: Iterable[str], allowed: Iterable[str]) -> None:
    for word in words:
        if word.lower() not in allowed:
            raise InputRefused(
                f"parameters.{name}", f"'{word}' is not one of the values that Postfix accepts",
                f"Use one of: {', '.join(allowed)}")


def _check_tables(name: str, value: str, types: Iterable[str]) -> None:
    if name == "default_database_type" and value not in types:
        raise _missing_type(name, value, types)
    if name.endswith(NOT_TABLES):
        return
    for found in _TABLE.findall(value):
        if found in KNOWN_TABLE_TYPES and found not in types:
            raise _missing_type(name, found, types)
    words = [table_type for table_type, _path in named_tables(value)] if name.endswith(LISTS_OF_TABLES) else []
    for found in words + _CHECKED_BY_TABLE.findall(value):
        if found not in KNOWN_TABLE_TYPES and found not in types:
            near = nearest(found, KNOWN_TABLE_TYPES, alike=0.6)
            raise InputRefused(
                f"parameters.{name}", f"Postfix has no table type '{found}'" + (f" (did you mean '{near}'?)" if near else ""),
                f"Use one of: {', '.join(sorted(types))}")


def named_tables(value: str) -> List[Tuple[str, str]]:
    """Return type and path of each file that a value names as a table, such as ("hash", "/etc/postfix/transport")."""
    return _FILE_TABLE.findall(value)


def _missing_type(name: str, table_type: str, types: Iterable[str]) -> InputRefused:
    return table_type_refused(f"parameters.{name}", table_type, types)


def table_type_refused(field: str, table_type: str, types: Iterable[str]) -> InputRefused:
    """Return the failure for a lookup table type that this host's Postfix cannot read."""
    return InputRefused(
        field, f"the table type '{table_type}' is not installed on this host",
        f"Install its package (postfix-{table_type}, where there is one), or use one of: {', '.join(sorted(types))}")


def _check_password_table(name: str, value: str) -> None:
    if name.endswith("sasl_password_maps") and re.search(r"(?:^|[\s,{])(?:static|inline):", value):
        raise InputRefused(
            f"parameters.{name}", "a password in main.cf can be read by every user of the host",
            "Keep it in a table: use postfix_relayhost, or postfix_map and its path here")


def _check_relay(changed: Mapping[str, Optional[str]], effective: Mapping[str, str]) -> None:
    wished = changed.get("relayhost") or ""
    if "$" not in wished:
        check_relays("parameters.relayhost", wished)
    touched = {"relayhost", "smtp_tls_wrappermode", "smtp_tls_security_level"} & set(changed)
    relays = effective.get("relayhost", "")
    if not touched:
        return
    wrapper = effective.get("smtp_tls_wrappermode", "no") == "yes"
    level = effective.get("smtp_tls_security_level", "")
    if "$" not in relays and uses_wrapper_port(relays) and not wrapper:
        raise InputRefused(
            "parameters.relayhost", "port 465 speaks TLS from the first byte, and smtp_tls_wrappermode is off",
            "Set smtp_tls_wrappermode to yes as well, or use port 587")
    if wrapper and "$" not in level and level in ("", "none", "may"):
        raise InputRefused(
            "parameters.smtp_tls_wrappermode",
            f"it needs smtp_tls_security_level 'encrypt' or higher, but the level would be '{level}'",
            "Set smtp_tls_security_level to encrypt, verify or secure as well")
