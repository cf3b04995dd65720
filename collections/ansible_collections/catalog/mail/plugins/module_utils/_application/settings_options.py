# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The e-mail settings as options of Ansible, each secret with no_log. Pure."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterator, Mapping

_TLS = ["none", "starttls", "implicit"]
_CLOUDS = ["global", "us_gov", "us_gov_dod", "china"]
_SECRET: Dict[str, Any] = {"type": "str", "no_log": True}

_NOTE: Dict[str, Any] = {"type": "str", "no_log": False}

_REGISTRATION: Dict[str, Any] = {
    "tenant_id": {"type": "str"},
    "client_id": {"type": "str"},
    "client_secret": _SECRET,
    # The metadata of a secret are not secret.
    "client_secret_key_id": _NOTE,
    "client_secret_expires_at": _NOTE,
    "certificate": _SECRET,
    "cloud": {"type": "str", "choices": _CLOUDS},
    "mailbox_user": {"type": "str"},
}

NOTIFICATIONS: Dict[str, Any] = {
    "enabled": {"type": "bool"},
    "transport": {"type": "str", "choices": ["builtin", "smtp", "microsoft"]},
    "bounce_to": {"type": "str", "choices": ["sender", "reply_to"]},
    "from": {"type": "dict", "options": {"address": {"type": "str"}, "display_name": {"type": "str"}}},
    "smtp": {"type": "dict", "options": {
        "host": {"type": "str"},
        "port": {"type": "int"},
        "tls": {"type": "str", "choices": _TLS},
        "username": {"type": "str"},
        "password": _SECRET,
        "timeout": {"type": "int"},
        "ca_file": {"type": "path"},
    }},
    "microsoft": {"type": "dict", "options": {"email_address": {"type": "str"}, **_REGISTRATION}},
}

INTERACTIONS: Dict[str, Any] = {
    "enabled": {"type": "bool"},
    "reply_to": {"type": "str"},
    "receiver": {"type": "str", "choices": ["imap", "microsoft"]},
    "imap": {"type": "dict", "options": {
        "host": {"type": "str"},
        "port": {"type": "int"},
        "tls": {"type": "str", "choices": _TLS},
        "username": {"type": "str"},
        "password": _SECRET,
        "mailbox": {"type": "str"},
        "archive_mailbox": {"type": "str"},
        "ca_file": {"type": "path"},
    }},
    "microsoft": {"type": "dict", "options": _REGISTRATION},
    "intent_tracking": {"type": "str", "choices": ["auto", "subaddress", "message_id"]},
    "authserv_id": {"type": "str"},
    "sync_interval": {"type": "int"},
    "quick_look": {"type": "int"},
    "archive": {"type": "dict", "options": {
        "enabled": {"type": "bool"},
        "on_calendar": {"type": "str"},
        "keep_days": {"type": "int"},
    }},
}

SETTINGS: Dict[str, Any] = {
    "notifications": {"type": "dict", "options": NOTIFICATIONS},
    "interactions": {"type": "dict", "options": INTERACTIONS},
}
"""The two sections that a task may set, by name."""


def _secret_paths(options: Mapping[str, Mapping[str, Any]], above: str = "") -> Iterator[str]:
    for name, option in options.items():
        if option.get("no_log"):
            yield above + name
        yield from _secret_paths(option.get("options", {}), f"{above}{name}.")


SECRETS: FrozenSet[str] = frozenset(_secret_paths(SETTINGS))
"""The paths of secrets, with dots: ``notifications.smtp.password``."""

NOTES: Dict[str, FrozenSet[str]] = {
    path: frozenset(path + end for end in ("_key_id", "_expires_at")) for path in SECRETS if path.endswith(".client_secret")}
"""The metadata of a secret, which are stored and removed with it, by the secret's path."""
