# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client assertion: a JWT that the application signed with the key of one of its certificates. Verified for real."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
from cryptography import x509

from emulator.clock import parsed
from emulator.entra.errors import LoginRefused
from emulator.store import Document
from emulator.world import World

_ALGORITHMS = ["RS256", "PS256"]


def verify(world: World, application: Document, assertion: str, endpoints: tuple[str, ...]) -> None:
    """LoginRefused unless it is the application's own, for this endpoint, now."""
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError:
        raise _malformed() from None
    certificate = _certificate(world, application, header)
    claims = _claims(assertion, certificate, header)
    app_id = application["appId"]
    if claims.get("sub") != app_id or claims.get("iss") != app_id:
        raise LoginRefused(
            401, "invalid_client", 700021 if claims.get("sub") != app_id else 700022,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )  # fmt: skip
    audience = claims.get("aud")
    if audience not in endpoints:
        raise LoginRefused(
            401, "invalid_client", 700023,
            f"Client assertion audience claim does not match Realm issuer. The audience is '{audience}'.",
        )  # fmt: skip
    _check_times(world, claims)


def _malformed() -> LoginRefused:
    return LoginRefused(401, "invalid_client", 50027, "JWT token is invalid or malformed.")


def _thumbprints(der: bytes) -> tuple[str, str]:
    """x5t and x5t#S256 of a certificate."""
    digests = (hashlib.sha1(der, usedforsecurity=False).digest(), hashlib.sha256(der).digest())
    first, second = (base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests)
    return first, second


def _certificate(world: World, application: Document, header: dict[str, Any]) -> x509.Certificate:
    """The registered certificate that the header names."""
    # msal leaves the padding of base64 on them.
    named = {str(header.get(name) or "").rstrip("=") for name in ("x5t", "x5t#S256")} - {""}
    for credential in application["keyCredentials"]:
        der = base64.b64decode(credential["key"])
        if named.isdisjoint(_thumbprints(der)):
            continue
        now = world.clock.now()
        if parsed(credential["endDateTime"]) < now or x509.load_der_x509_certificate(der).not_valid_after_utc < now:
            raise _no_key(header, "The key used is expired.")
        return x509.load_der_x509_certificate(der)
    raise _no_key(header, "The key was not found.")


def _no_key(header: dict[str, Any], reason: str) -> LoginRefused:
    used = str(header.get("x5t") or header.get("x5t#S256") or "").rstrip("=")
    try:
        shown = base64.urlsafe_b64decode(used + "=" * (-len(used) % 4)).hex().upper()
    except ValueError:
        shown = used
    return LoginRefused(
        401, "invalid_client", 700027,
        f"The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {reason},"
        f" Thumbprint of key used by client: '{shown}']",
    )  # fmt: skip


def _claims(assertion: str, certificate: x509.Certificate, header: dict[str, Any]) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion, certificate.public_key(), algorithms=_ALGORITHMS,  # type: ignore[arg-type]
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )  # fmt: skip
    except jwt.PyJWTError:
        raise LoginRefused(
            401, "invalid_client", 700027,
            f"Client assertion failed signature validation. [Reason - {header.get('alg')} signature is invalid.]",
        ) from None  # fmt: skip
    return claims


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_times(world: World, claims: dict[str, Any]) -> None:
    """Not before, not after, five minutes of difference of the clocks allowed; whoever moved our clock moved theirs too."""
    now = world.clock.seconds() - world.clock.offset
    begin, end = claims.get("nbf", now), claims.get("exp")
    if not (_is_number(begin) and _is_number(end)) or end < now - 300 or begin > now + 300:
        raise LoginRefused(
            401, "invalid_client", 700024, "Client assertion is not within its valid time range."
        )
