# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expiry of credentials, for monitoring."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from catalog_mail.domain.settings.expiry import Expiry, expiries

SOON, LATER = "2026-12-01T00:00:00Z", "2027-06-01T12:00:00Z"
AT = {SOON: datetime(2026, 12, 1, tzinfo=UTC), LATER: datetime(2027, 6, 1, 12, tzinfo=UTC)}


def app(certificate: bool = False, **told: Any) -> dict[str, Any]:
    return {"certificate": {"present": certificate}, "client_secret": {"present": True}, **told}


TOLD = {"client_secret_expires_at": SOON, "certificate_expires_at": LATER}
SECRET, CERTIFICATE = app(**TOLD), app(True, **TOLD)


def sending(transport: str, microsoft: dict[str, Any]) -> dict[str, Any]:
    return {"notifications": {"transport": transport, "microsoft": microsoft}}


def receiving(enabled: bool) -> dict[str, Any]:
    interactions = {"enabled": enabled, "receiver": "microsoft", "microsoft": SECRET}
    return {"notifications": {"enabled": True}, "interactions": interactions}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (sending("smtp", SECRET), []),
        (sending("microsoft", SECRET), [Expiry("notifications", "client_secret", AT[SOON])]),
        (sending("microsoft", CERTIFICATE), [Expiry("notifications", "certificate", AT[LATER])]),
        (sending("microsoft", app(client_secret_expires_at=None)), []),
        (receiving(True), [Expiry("interactions", "client_secret", AT[SOON])]),
        (receiving(False), []),
        ({}, []),
    ],
)
def test_the_expiry_of_credentials_in_use(document: dict[str, Any], expected: list[Expiry]) -> None:
    assert list(expiries(document)) == expected
