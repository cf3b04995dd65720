# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate errors of Microsoft Entra's token endpoint into causes and remedies, by error code.

Entra documents the codes (AADSTS...) on its page "Authentication and authorization error codes". They only select the text
for people; programs act on the `Cause`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_mail.domain.failures.connection import readable
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.servers import GraphServer

_CODE = re.compile(r"AADSTS([0-9]{4,9})")
# After its first sentences each description has identifiers of the request.
_TRACE = re.compile(r"\s*Trace ID:.*", re.DOTALL)


@dataclass(frozen=True)
class TokenRefusal:
    """An error response of Entra: `error` is the code of RFC 6749, 5.2, `codes` are Entra's own numbers."""

    error: str
    codes: tuple[int, ...]
    description: str


@dataclass(frozen=True)
class _Known:
    """The meaning of a code: cause, setting at fault, sentence and remedy."""

    cause: Cause
    field: str
    sentence: str
    remedy: str


_TENANT = _Known(
    Cause.TENANT_UNKNOWN, "tenant_id", "Microsoft Entra knows no tenant of this ID",
    "Give the Directory (tenant) ID that the app registration's Overview shows, and the cloud that the tenant lives in.",
)  # fmt: skip
_POLICY = _Known(
    Cause.CONDITIONAL_ACCESS, "client_id", "A Conditional Access policy of the tenant blocks this application",
    "Let the tenant's administrator look at the sign-in log of this service principal, and leave it or this host out of the "
    "policy.",
)  # fmt: skip
_OUT_OF_DATE = _Known(
    Cause.CERTIFICATE_UNUSABLE, "certificate", "The certificate has expired, or is not valid yet",
    "Make a new certificate (or a client secret), upload it to the app registration's Certificates & secrets, and save it here; "
    "check this host's clock.",
)  # fmt: skip
_REVOKED = _Known(
    Cause.CERTIFICATE_UNUSABLE, "certificate", "The certificate has been revoked",
    "Make a new certificate (or a client secret), upload it to the app registration's Certificates & secrets, and save it here.",
)  # fmt: skip
_CLOUD = _Known(
    Cause.CLOUD_WRONG, "cloud", "The application cannot be used by way of another cloud than the tenant's",
    "Choose the cloud that the tenant lives in.",
)  # fmt: skip
_RESTRICTED = _Known(
    Cause.CONDITIONAL_ACCESS, "tenant_id",
    "A proxy between this host and Microsoft allows other tenants only (tenant restrictions)",
    "Let the network's administrator add this tenant to the restrictions, or exempt this host from them.",
)  # fmt: skip
_KNOWN: Mapping[int, _Known] = {
    90002: _TENANT,
    900021: _TENANT,
    900023: _TENANT,
    9001023: _TENANT,
    700016: _Known(
        Cause.CLIENT_UNKNOWN, "client_id", "The tenant has no application of this client ID",
        "Give the Application (client) ID that the app registration's Overview shows, and its own tenant. A registration that "
        "was just made is known everywhere after some minutes.",
    ),
    7000112: _Known(
        Cause.CLIENT_DISABLED, "client_id", "The application is disabled in the tenant",
        "Let the tenant's administrator enable it: Enterprise applications, Properties, 'Enabled for users to sign-in'.",
    ),
    7000229: _Known(
        Cause.CLIENT_UNKNOWN, "client_id", "The application has no service principal in the tenant",
        "Let the tenant's administrator consent to the application, or make its service principal with the role "
        "entra_app. One that was just made is known everywhere after some minutes.",
    ),
    7000215: _Known(
        Cause.SECRET_WRONG, "client_secret", "The client secret is wrong",
        "Give the secret's Value, not its Secret ID; it is shown only when the secret is made. A secret that was just made is "
        "accepted after some seconds.",
    ),
    7000222: _Known(
        Cause.SECRET_EXPIRED, "client_secret", "The client secret has expired",
        "Make a new one (Certificates & secrets of the app registration, or the playbook rotate_secret), and save it here.",
    ),
    700027: _Known(
        Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "The certificate is not one of the application's",
        "Upload the certificate (without its key) to the app registration's Certificates & secrets, or give the one that is "
        "registered there, with its own key.",
    ),
    700024: _Known(
        Cause.CERTIFICATE_UNUSABLE, "certificate", "The signature by the certificate's key is out of date",
        "Check this host's clock.",
    ),
    7000218: _Known(
        Cause.SECRET_WRONG, "client_secret", "Neither a secret nor a certificate came with the request",
        "Save the settings with a client secret or a certificate.",
    ),
    500011: _Known(
        Cause.CLOUD_WRONG, "cloud", "The tenant does not know Microsoft Graph by this address",
        "Choose the cloud that the tenant lives in.",
    ),
    1002012: _Known(
        Cause.CLOUD_WRONG, "cloud", "Microsoft Entra does not give this tenant tokens for that address of Graph",
        "Choose the cloud that the tenant lives in.",
    ),
    50012: _Known(
        Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "The signature by the certificate is not accepted for this application",
        "Give the certificate that is registered in the app registration's Certificates & secrets, with its own key, or upload "
        "this one there; check this host's clock.",
    ),
    50059: _TENANT,
    50128: _TENANT,
    500014: _Known(
        Cause.CLIENT_DISABLED, "client_id", "Microsoft Graph is disabled in the tenant",
        "Let the tenant's administrator look whether a subscription has lapsed, and enable Microsoft Graph under Enterprise "
        "applications (Microsoft applications).",
    ),
    500021: _RESTRICTED,
    500022: _RESTRICTED,
    65001: _Known(
        Cause.PERMISSION_MISSING, "client_id", "Nobody has consented to the application's permissions",
        "Let the tenant's administrator grant admin consent (API permissions of the app registration).",
    ),
    700030: _Known(
        Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "The name in the certificate is not one that the application trusts",
        "Upload this certificate to the app registration's Certificates & secrets, or give one with a trusted subject.",
    ),
    900382: _CLOUD,
    900432: _CLOUD,
    50194: _Known(
        Cause.TENANT_UNKNOWN, "tenant_id", "The application belongs to one tenant, and was asked for at an address for all",
        "Give the Directory (tenant) ID that the app registration's Overview shows, not 'common' or 'organizations'.",
    ),
    1000502: _OUT_OF_DATE,
    7000274: _OUT_OF_DATE,
    7000214: _REVOKED,
    7000277: _REVOKED,
    530032: _POLICY,
    530035: _Known(
        Cause.CONDITIONAL_ACCESS, "client_id", "The security defaults of the tenant block this application",
        "Let the tenant's administrator look at the sign-in log of this service principal, and replace the security defaults by "
        "Conditional Access policies that leave this application out.",
    ),
    53003: _POLICY,
}  # fmt: skip
_ASSERTION_REFUSED = 700027
_KEY_EXPIRED = re.compile(r"\bkey used is expired|\bcertificate (?:is|has) expired", re.IGNORECASE)
# Errors of RFC 6749, 5.2, and of Entra that may pass: a later request may succeed.
_PASSING = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})
# Entra's own errors, and too many requests: TokenIssuanceError, LoopDetected, RequestBudgetExceeded, MsodsServiceUnavailable.
_PASSING_CODES = frozenset({50000, 50196, 90024, 90033})


def beginning(server: GraphServer) -> str:
    """Return the first sentence of every failure of this kind."""
    return f"Error connecting to Tenant ID: {server.tenant_id} with Client: {server.client_id} credentials."


def refusal(answer: Mapping[str, Any]) -> TokenRefusal:
    """Read an error response from its JSON; unexpected values are ignored."""
    description = str(answer.get("error_description") or "")
    numbers = answer.get("error_codes")
    given = tuple(number for number in numbers if isinstance(number, int)) if isinstance(numbers, list) else ()
    told = tuple(int(number) for number in _CODE.findall(description[:2000]))
    return TokenRefusal(str(answer.get("error") or ""), (*given, *told), description)


def token_failure(said: TokenRefusal, server: GraphServer) -> Failure:
    """Translate an error response of Entra."""
    known = next((code for code in said.codes if code in _KNOWN), None)
    if known:
        code, meaning = known, _meaning(known, said.description)
        return Failure(
            meaning.cause, f"{beginning(server)} {meaning.sentence} (AADSTS{code}).", meaning.remedy,
            temporary=False, field=f"{server.section}.{meaning.field}",
        )  # fmt: skip
    told = readable(_TRACE.sub("", said.description).encode(), server.client_secret) or said.error or "no reason was given"
    passing = said.error in _PASSING or not _PASSING_CODES.isdisjoint(said.codes)
    return Failure(
        Cause.OTHER_ENTRA_ANSWER, f"{beginning(server)} Microsoft Entra gave no token: {told.rstrip('.')}.",
        f"{'It may work later. ' if passing else ''}Microsoft's page of AADSTS codes tells more; so does the sign-in log of the "
        "application's service principal.",
        temporary=passing, field=None,
    )  # fmt: skip


def _meaning(code: int, description: str) -> _Known:
    """Return the meaning of a known code; with one of them only Entra's text says that the certificate has expired."""
    if code == _ASSERTION_REFUSED and _KEY_EXPIRED.search(description[:2000]):
        return _OUT_OF_DATE
    return _KNOWN[code]


def not_entra(server: GraphServer) -> Failure:
    """The response is not one of Microsoft Entra."""
    return Failure(
        Cause.OTHER_ENTRA_ANSWER, f"{beginning(server)} {server.authority_url} does not answer as Microsoft Entra does.",
        "Check authority_url of [microsoft] in the service's configuration file, and the proxies between this host and "
        "Microsoft: one of them may have answered.",
        temporary=True, field=None,
    )  # fmt: skip


def certificate_unusable(reason: str, server: GraphServer) -> Failure:
    """The text of the certificate is not a usable key with its certificate."""
    return Failure(
        Cause.CERTIFICATE_UNUSABLE, f"{beginning(server)} The certificate cannot be used: {reason}.",
        "Give one PEM text with an RSA private key of 2048 bits or more, without a passphrase, and the certificate that belongs "
        "to it.",
        temporary=False, field=f"{server.section}.certificate",
    )  # fmt: skip
