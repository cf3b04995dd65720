# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An assertion by another issuer (workload identity federation): matched with a federated credential, and verified by its key.

Entra gets the keys of an issuer from its address; here the control gives them.
"""

from __future__ import annotations

from typing import Any

import jwt

from emulator.entra.errors import LoginRefused
from emulator.store import Document
from emulator.world import World

HELP = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"


def is_foreign(application: Document, assertion: str) -> bool:
    """Whether somebody else than the application has issued the assertion."""
    return _read(assertion).get("iss") not in (None, application["appId"])


def verify(world: World, application: Document, assertion: str) -> None:
    """Raise LoginRefused unless a federated credential fits, its issuer has signed, and the time is right."""
    claims = _read(assertion)
    issuer, subject, audience = (str(claims.get(name)) for name in ("iss", "sub", "aud"))
    of_issuer = [one for one in application.get("federatedIdentityCredentials", ()) if one["issuer"] == issuer]
    if not of_issuer:
        raise _unmatched(700211, "issuer", issuer)
    of_subject = [one for one in of_issuer if one["subject"] == subject]
    if not of_subject:
        raise _unmatched(700213, "subject", subject)
    if not any(audience in one["audiences"] for one in of_subject):
        raise _unmatched(700212, "audience", audience)
    known = next((one for one in world.store.peek("issuer") if one["issuer"] == issuer), None)
    if known is None:
        raise LoginRefused(401, "invalid_client", 50166, f"Request to External OIDC endpoint failed: '{issuer}'.")
    try:
        jwt.decode(assertion, known["key"], algorithms=["RS256"], audience=audience, leeway=300)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise LoginRefused(
            401, "invalid_client", 700024, "Client assertion is not within its valid time range."
        ) from None  # fmt: skip
    except jwt.PyJWTError:
        raise LoginRefused(
            401, "invalid_client", 50013, "Assertion failed signature validation. [Reason - The key was not found.]"
        ) from None


def _read(assertion: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return found


def _unmatched(number: int, what: str, value: str) -> LoginRefused:
    return LoginRefused(
        401, "invalid_client", number,
        f"No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity"
        f" credential Subject, Audience and Issuer against the presented assertion. {HELP}",
    )  # fmt: skip
