# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the login, in its own JSON."""

from __future__ import annotations

import datetime

from emulator import ids
from emulator.answer import Answer, plain


class LoginRefused(Exception):
    """`error` is what clients react to, `number` the AADSTS number of the diagnosis."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


def refusal(refused: LoginRefused, now: datetime.datetime, origin: str, correlation: str = "") -> Answer:
    trace, correlation = ids.new(), correlation or ids.new()
    moment = now.strftime("%Y-%m-%d %H:%M:%SZ")
    return plain(
        refused.status,
        {
            "error": refused.error,
            "error_description": f"AADSTS{refused.number}: {refused.text} Trace ID: {trace} Correlation ID: {correlation}"
            f" Timestamp: {moment}",
            "error_codes": [refused.number],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{origin}/error?code={refused.number}",
        },
        {"x-ms-request-id": trace, "Cache-Control": "no-store, no-cache", "Pragma": "no-cache"},
    )


def tenant_unknown(name: str, *, error: str = "invalid_request") -> LoginRefused:
    return LoginRefused(
        400, error, 90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        " Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    )  # fmt: skip
