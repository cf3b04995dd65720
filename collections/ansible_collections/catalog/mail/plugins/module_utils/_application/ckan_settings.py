# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Translate between the document of settings and CKAN's options for e-mail. Pure.

CKAN 2.12 sends by SMTP alone, with STARTTLS or without encryption, and reads no mailbox (config_declaration.yaml and
lib/mailer.py of CKAN). The name beside the sender's address is the title of the site.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from .._core.errors import InputRefused
from .._mail.host import checked_host
from .._mail.message import checked_address
from .port import Document
from .settings_compared import PASSWORD, at, secret

SERVER, STARTTLS, USER, PASSWORD_OPTION, MAIL_FROM, REPLY_TO = OPTIONS = (
    "smtp.server", "smtp.starttls", "smtp.user", "smtp.password", "smtp.mail_from", "smtp.reply_to")

PATHS: Mapping[str, str] = {
    SERVER: "notifications.smtp.host",
    STARTTLS: "notifications.smtp.tls",
    USER: "notifications.smtp.username",
    PASSWORD_OPTION: PASSWORD,
    MAIL_FROM: "notifications.from.address",
    REPLY_TO: "interactions.reply_to",
}
"""The setting of each option of CKAN; the option of the host contains the port as well."""

_BUILTIN = {"host": "localhost", "port": 25, "tls": "none", "username": "", "password": ""}
_TRUE, _FALSE = ("true", "yes", "on", "y", "t", "1"), ("false", "no", "off", "n", "f", "0", "")
_PORT = 25
"""The port to which CKAN connects without one in its option, that of smtplib."""

_SMTP_ALONE = "CKAN sends by SMTP alone"
_REASONS = {
    "notifications.enabled": "CKAN has no option that turns all its e-mail off",
    "notifications.transport": _SMTP_ALONE,
    "notifications.bounce_to": "CKAN returns undeliverable e-mail to notifications.from.address alone",
    "notifications.from.display_name": "CKAN puts the title of its site beside the address (ckan.site_title)",
    "notifications.smtp.timeout": "CKAN has no timeout for the mail server",
    "notifications.smtp.ca_file": "CKAN has no file of authorities of its own; add the authority to those of the host",
}

Values = Mapping[str, Optional[str]]
"""CKAN's options for e-mail; None for one that no file sets."""


def reason(path: str) -> str:
    """Return why CKAN cannot take a setting."""
    if path.startswith("interactions."):
        return "CKAN receives no replies by e-mail"
    return _REASONS.get(path, _SMTP_ALONE if path.startswith("notifications.microsoft.") else "CKAN has no such setting")


def document(values: Values) -> Dict[str, Any]:
    """Return CKAN's settings as a document. Raises InputRefused for a value that CKAN itself cannot read."""
    host, port = _server(values.get(SERVER) or "localhost")
    return {
        "notifications": {
            "enabled": True, "transport": "smtp", "bounce_to": "sender",
            "from": {"address": values.get(MAIL_FROM) or None, "display_name": None},
            "smtp": {
                "host": host, "port": port, "tls": "starttls" if _is_true(values.get(STARTTLS)) else "none",
                "username": values.get(USER) or None, "password": secret(bool(values.get(PASSWORD_OPTION))),
                "timeout": None, "ca_file": None}},
        "interactions": {"enabled": False, "reply_to": values.get(REPLY_TO) or None},
    }


def spelled_out(desired: Document) -> Dict[str, Any]:
    """Return a task's settings with ``transport: builtin`` as what it means for CKAN: the mail server of its own host."""
    notifications = dict(desired.get("notifications") or {})
    if notifications.get("transport") == "builtin":
        for name, value in (notifications.get("smtp") or {}).items():
            if value != _BUILTIN.get(name, value):
                raise InputRefused(
                    f"notifications.smtp.{name}", "transport: builtin is the mail server of the host itself, on port 25",
                    "Leave it out, or set transport: smtp")
        notifications.update({"transport": "smtp", "smtp": {**(notifications.get("smtp") or {}), **_BUILTIN}})
    return {**desired, "notifications": notifications} if notifications else dict(desired)


def wanted(present: Values, desired: Document) -> Dict[str, Optional[str]]:
    """Return the options of CKAN that a task changes, None for one to remove. Raises InputRefused for a bad value."""
    now = document(present)["notifications"]["smtp"]
    values: Dict[str, Optional[str]] = {
        **_server_wanted(now, at(desired, "notifications.smtp") or {}), **_starttls_wanted(now, at(desired, PATHS[STARTTLS]))}
    for option in (USER, PASSWORD_OPTION, MAIL_FROM, REPLY_TO):
        value = at(desired, PATHS[option])
        if value is not None and (value or None) != (present.get(option) or None):
            values[option] = _checked(option, value) if value else None
    after = {**present, **values}
    if after.get(USER) and not after.get(PASSWORD_OPTION):
        raise InputRefused(PASSWORD, "CKAN fails to send with a user name and no password", "Give the password of the user")
    return values


def _server_wanted(now: Mapping[str, Any], smtp: Mapping[str, Any]) -> Dict[str, Optional[str]]:
    host, port = smtp.get("host"), smtp.get("port")
    if host is None and port is None:
        return {}
    new = (checked_host(PATHS[SERVER], host) if host else "localhost" if host == "" else now["host"]), port or now["port"]
    if not 0 < new[1] < 65536:
        raise InputRefused("notifications.smtp.port", f"{new[1]} is no port", "Write a number from 1 to 65535")
    if new == (now["host"], now["port"]):
        return {}
    return {SERVER: f"[{new[0]}]:{new[1]}" if ":" in new[0] else f"{new[0]}:{new[1]}"}


def _starttls_wanted(now: Mapping[str, Any], tls: Optional[str]) -> Dict[str, Optional[str]]:
    if tls == "implicit":
        raise InputRefused(
            PATHS[STARTTLS], "CKAN has no TLS from the first byte; its only encryption is STARTTLS",
            "Write starttls, and the port on which the server offers it, usually 587")
    if tls is None or (tls or "none") == now["tls"]:
        return {}
    return {STARTTLS: "true" if tls == "starttls" else "false"}


def _checked(option: str, value: str) -> str:
    if option in (MAIL_FROM, REPLY_TO):
        return checked_address(PATHS[option], value)
    if any(not char.isprintable() for char in value):
        raise InputRefused(
            PATHS[option], "it has a line end or another character that is not printable", "Write it without that character")
    if not value.isascii():
        raise InputRefused(
            PATHS[option], "it has a letter outside ASCII, with which CKAN cannot log in (smtplib of Python)",
            "Have a password or user name without such letters set at the mail server")
    if value != value.strip():
        raise InputRefused(
            PATHS[option], "it begins or ends with a blank, which CKAN does not read", "Write it without that blank")
    return value


def _server(text: str) -> Tuple[str, int]:
    """Return host and port, read as CKAN reads them."""
    try:
        parts = urlsplit(text if "://" in text else f"smtp://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise InputRefused("ckan.config_file", f"the value of {SERVER} is not HOST or HOST:PORT", "Correct it by hand")
    return host, port or _PORT


def _is_true(text: Optional[str]) -> bool:
    word = (text or "").strip().lower()
    if word not in _TRUE + _FALSE:
        raise InputRefused("ckan.config_file", f"the value of {STARTTLS} is neither true nor false", "Correct it by hand")
    return word in _TRUE
