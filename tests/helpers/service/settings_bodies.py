# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as bodies of the API, for tests with a mailbox of replies on Dovecot."""

from __future__ import annotations

import copy
from typing import Any

from helpers.service.dovecot import Dovecot

REPLIES = "replies@corp.test"


def imap_mailbox(dovecot: Dovecot, user: str, **change: Any) -> dict[str, Any]:
    """Return settings that read this user's mailbox by implicit TLS."""
    return {
        "host": "localhost",
        "port": dovecot.imaps,
        "tls": "implicit",
        "username": user,
        "password": dovecot.password(user),
        "ca_file": str(dovecot.authority.file),
        **change,
    }


def interactions(mailbox: dict[str, Any], **change: Any) -> dict[str, Any]:
    """Return settings that accept replies in this mailbox."""
    return {"enabled": True, "reply_to": REPLIES, "imap": mailbox, **change}


def replies_by_imap(mailbox: dict[str, Any]) -> dict[str, Any]:
    """Return complete settings: replies in this mailbox, notifications through the host's own server."""
    return {
        "notifications": {"enabled": True, "from": {"address": "noreply@corp.test"}},
        "interactions": interactions(mailbox),
    }


def with_value(settings: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of settings with another value at a dotted path."""
    result = copy.deepcopy(settings)
    *sections, name = path.split(".")
    part: Any = result
    for section in sections:
        part = part.setdefault(section, {})
    part[name] = value
    return result
