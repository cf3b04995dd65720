# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of e-mail settings as requests contain them, and a builder of variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_mail.domain.settings.reading import DESTINATIONS

PASSWORD = "notifications.smtp.password"
PEM = "-----BEGIN PRIVATE KEY-----\nold\n-----END PRIVATE KEY-----\n"


def merged(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """Merge documents; later values replace earlier ones."""
    result: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            result[name] = merged(result.get(name) or {}, value) if isinstance(value, Mapping) else value
    return result


def at(path: str, value: Any) -> dict[str, Any]:
    """Return a document with one value set."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


SENDER = at("notifications.from.address", "noreply@corp.test")
SMTP = merged(
    SENDER,
    at("notifications.transport", "smtp"),
    at("notifications.enabled", True),
    at("notifications.smtp", {"host": "smtp.corp.test", "username": "app"}),
)
REPLIES = {
    "interactions": {
        "enabled": True,
        "reply_to": "replies@corp.test",
        "imap": {"host": "imap.corp.test", "username": "replies", "password": "old"},
    }
}
MICROSOFT_REPLIES = {
    "interactions": {
        "enabled": True,
        "reply_to": "replies@corp.test",
        "receiver": "microsoft",
        "microsoft": {"tenant_id": "t", "client_id": "c", "client_secret": "old"},
    }
}
APP = "notifications.microsoft"
BY_MICROSOFT = merged(
    at("notifications.transport", "microsoft"),
    at(APP, {"email_address": "catalog@corp.test", "tenant_id": "t", "client_id": "c", "client_secret": "old"}),
)

# All settings that need a secret are set.
FULL = merged(
    SMTP,
    at("notifications.microsoft", {"tenant_id": "t", "client_id": "c"}),
    at("interactions.imap", {"host": "imap.corp.test", "username": "replies"}),
    at("interactions.microsoft", {"tenant_id": "t", "client_id": "c"}),
)
STORED = dict.fromkeys(DESTINATIONS, PEM)
