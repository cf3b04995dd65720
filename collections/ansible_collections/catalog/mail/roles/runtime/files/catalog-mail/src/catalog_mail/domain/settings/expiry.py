# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expiry dates of the credentials that the current settings use, as far as they are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog_mail.domain.settings.document import Receiver, Transport
from catalog_mail.domain.settings.reading import value_at


@dataclass(frozen=True)
class Expiry:
    """`use` is notifications or interactions, `credential` client_secret or certificate."""

    use: str
    credential: str
    at: datetime


def expiries(document: Mapping[str, Any]) -> Iterator[Expiry]:
    """Yield the expiry dates in a document as it is shown. Unused credentials, and those without a date, are left out."""
    by_microsoft = {
        "notifications": value_at(document, "notifications.transport") == Transport.MICROSOFT,
        "interactions": value_at(document, "interactions.enabled") is True
        and value_at(document, "interactions.receiver") == Receiver.MICROSOFT,
    }
    for use, used in by_microsoft.items():
        if not used:
            continue
        # With both credentials, the certificate is used.
        credential = "certificate" if value_at(document, f"{use}.microsoft.certificate.present") else "client_secret"
        at = value_at(document, f"{use}.microsoft.{credential}_expires_at")
        if isinstance(at, str):
            yield Expiry(use, credential, datetime.fromisoformat(at))
