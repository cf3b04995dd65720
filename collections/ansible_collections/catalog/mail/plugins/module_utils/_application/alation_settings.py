# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Translate between the document of settings and the keys of alation_conf; the labels of Alation's page. Pure.

Four keys have a known meaning, from a public script that sets them. Further ones an administrator gives who has looked.
Everything else only the page Admin Settings, Email Server sets.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from .._core.errors import InputRefused
from .._mail.host import checked_host
from .._mail.message import checked_address
from .alation_commands import checked_key, checked_value
from .settings_compared import secret
from .settings_options import SECRETS, SETTINGS

TRANSPORT, TLS = "notifications.transport", "notifications.smtp.tls"

KEYS: Mapping[str, str] = {
    TRANSPORT: "alation.email.use_builtin",
    "notifications.smtp.host": "alation.email.host",
    "notifications.smtp.username": "alation.email.email_user",
    "notifications.smtp.password": "alation.email.email_password",
}
"""The key of each setting whose meaning is known."""

_MAIL, _REPLIES = "Email Notifications", "Email Interactions"
_MODERN = "MS Modern Authentication"
LABELS: Mapping[str, str] = {
    "notifications.enabled": "Turn Off All Email Notifications for All Users",
    TRANSPORT: f"{_MAIL} > Basic Auth: Use Built-in Alation SMTP Server, or {_MODERN}",
    "notifications.smtp.host": f"{_MAIL} > Basic Auth > SMTP Server",
    "notifications.smtp.port": f"{_MAIL} > Basic Auth > SMTP Server: TCP port",
    "notifications.smtp.tls": f"{_MAIL} > Basic Auth > Use TLS",
    "notifications.smtp.username": f"{_MAIL} > Basic Auth > SMTP Email Account: User ID",
    "notifications.smtp.password": f"{_MAIL} > Basic Auth > SMTP Email Account: Password",
    "notifications.smtp.timeout": f"{_MAIL} > Basic Auth > SMTP Timeout",
    "notifications.from.address": f"{_MAIL} > From Email",
    "notifications.from.display_name": f"{_MAIL} > From Email Display Name",
    "notifications.microsoft.email_address": f"{_MAIL} > {_MODERN} > Email Address",
    "notifications.microsoft.tenant_id": f"{_MAIL} > {_MODERN} > Tenant ID",
    "notifications.microsoft.client_id": f"{_MAIL} > {_MODERN} > Client ID",
    "notifications.microsoft.client_secret": f"{_MAIL} > {_MODERN} > Client Secret",
    "interactions.enabled": f"{_REPLIES}: on or off",
    "interactions.reply_to": f"{_REPLIES} > Reply To Email Address",
    "interactions.imap.host": f"{_REPLIES} > Basic Auth > IMAP Server",
    "interactions.imap.port": f"{_REPLIES} > Basic Auth > IMAP Server port",
    "interactions.imap.tls": f"{_REPLIES} > Basic Auth > Server uses SSL",
    "interactions.imap.username": f"{_REPLIES} > Basic Auth > IMAP Email Account: User Name",
    "interactions.imap.password": f"{_REPLIES} > Basic Auth > IMAP Email Account: Password",
    "interactions.microsoft.tenant_id": f"{_REPLIES} > {_MODERN} > Tenant ID",
    "interactions.microsoft.client_id": f"{_REPLIES} > {_MODERN} > Client ID",
    "interactions.microsoft.client_secret": f"{_REPLIES} > {_MODERN} > Client Secret",
    "interactions.intent_tracking": f"{_REPLIES} > Intent Tracking Mode",
}
"""Where a person finds a setting on the page Admin Settings > Email Server."""

_NONE = ("", "None")

_SWITCHES: Mapping[str, Mapping[str, str]] = {
    TRANSPORT: {"true": "builtin", "false": "smtp"},
    # The page has one checkbox, Use TLS. That it means STARTTLS is inferred from Django, on which Alation is built.
    TLS: {"true": "starttls", "false": "none"},
}
"""Settings with several values that Alation keeps as a switch."""


def keys_of(given: Mapping[str, Any]) -> Dict[str, str]:
    """Return the key of each setting: the known ones and those of the option. Raises InputRefused."""
    for path, key in given.items():
        kind = _option(path)
        if path not in _SWITCHES and (kind is None or "choices" in kind or kind["type"] not in ("str", "int", "bool")):
            raise InputRefused(
                f"alation.keys[{path}]", "it is no setting that is one text, number or switch",
                "Write the path of one, such as notifications.smtp.port")
        checked_key(path, key)
    return {**KEYS, **given}


def reason(path: str, keys: Mapping[str, str]) -> str:
    """Return why a setting cannot be made by alation_conf."""
    if path == TRANSPORT:
        return "alation_conf chooses between the built-in server and SMTP alone"
    if path == TLS and path in keys:
        return "Alation has one switch for TLS, taken for STARTTLS"
    if path in keys:
        return f"Alation tells no value of {keys[path]}, and a key that cannot be read is never written"
    return "no key of alation_conf is known for it; Alation's page has it" if path in LABELS else "Alation has no such setting"


def value_of(path: str, text: Optional[str]) -> Any:
    """Return a setting's value in the document for the text that alation_conf prints; None when there is none."""
    if text is None or text in _NONE:
        return None
    word = text.lower()
    if path in _SWITCHES:
        return _SWITCHES[path].get(word)
    kind = (_option(path) or {}).get("type")
    if kind == "bool":
        return {"true": True, "false": False}.get(word, text)
    if kind == "int":
        return int(text.strip("\"'")) if text.strip("\"'").isdigit() else text
    return text


def text_of(path: str, value: Any) -> Optional[str]:
    """Return the text to set for a value; None when alation_conf cannot take it. Raises InputRefused."""
    if path in _SWITCHES:
        return next((word.title() for word, one in _SWITCHES[path].items() if one == value), None)
    if value == "":
        return None
    return checked_value(path, str(value))


def document(values: Mapping[str, Any], held: Mapping[str, bool]) -> Dict[str, Any]:
    """Return a document with these settings, by path, and whether each secret is set."""
    found: Dict[str, Any] = {name: {} for name in SETTINGS}
    for path, value in [*values.items(), *((path, secret(is_set)) for path, is_set in held.items())]:
        *folders, name = path.split(".")
        place = found
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return found


def checked(path: str, value: Any) -> Any:
    """Return a value of a task. Raises InputRefused for one that no mail server could use."""
    if value == "":
        return value
    if path.endswith(".host"):
        return checked_host(path, value)
    if path.endswith(".port") and not 0 < value < 65536:
        raise InputRefused(path, f"{value} is no port", "Write a number from 1 to 65535")
    if path in ("notifications.from.address", "interactions.reply_to"):
        return checked_address(path, value)
    return value


def split(keys: Mapping[str, str]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """Return the keys of plain settings and those of secrets."""
    return (
        {path: key for path, key in keys.items() if path not in SECRETS},
        {path: key for path, key in keys.items() if path in SECRETS})


def _option(path: str) -> Optional[Mapping[str, Any]]:
    option: Mapping[str, Any] = {"options": SETTINGS}
    for name in path.split("."):
        below = option.get("options", {}).get(name)
        if below is None:
            return None
        option = below
    return option
