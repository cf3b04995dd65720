# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Explain a refusal of Entra's token endpoint: cause, remedy, the invalid option. Pure.

The codes (AADSTS...) are from "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple


class Refusal(NamedTuple):
    """Cause and remedy for an administrator; ``lag``: a replica gives the same refusal before replication is complete."""

    cause: str
    remedy: str
    field: str
    code: str
    lag: bool = False


_CODES: Dict[int, Tuple[str, str, str, bool]] = {
    7000215: (
        "the client secret is wrong", "Give the secret's value, not its id; a new one takes up to some minutes to be known",
        "login.client_secret", True),
    7000222: ("the client secret has expired", "Make a new one for the automation's registration", "login.client_secret", False),
    700016: (
        "there is no such application in this tenant",
        "Check client_id and tenant_id; a new one takes up to some minutes to be known", "login.client_id", True),
    90002: ("there is no such tenant", "Check tenant_id, and that cloud is the one it is in", "login.tenant_id", False),
    900021: ("the tenant's identifier is not valid", "Give the tenant's GUID or one of its domains", "login.tenant_id", False),
    900023: ("the tenant identifier is malformed", "Give the tenant's GUID or one of its domains", "login.tenant_id", False),
    9001023: ("the tenant has to be named", "Give the tenant's GUID or one of its domains, not common", "login.tenant_id", False),
    1002012: ("the scope is not of this cloud", "Check graph_url and cloud", "login.graph_url", False),
    7000218: ("neither a secret nor a certificate was taken", "Give client_secret or certificate_file", "login", False),
    700027: (
        "the certificate is not registered with the application, or its key is another one",
        "Upload the certificate to the automation's registration; a new one takes up to some minutes to be known",
        "login.certificate_file", True),
    700024: (
        "the time in the signed request, or in the workload's token, is out of date",
        "Check the clock of the machine that runs the task, and take a new token of the workload",
        "login.certificate_file", False),
    7000112: ("the application is disabled", "Enable it: Enterprise applications, Properties, Enabled for users to sign-in",
              "login.client_id", False),
    7000229: ("the application has no service principal in this tenant", "Make one with entra_app, or consent to the application",
              "login.client_id", True),
    50012: (
        "the signature by the certificate is not accepted for this application",
        "Upload the certificate to the automation's registration, give the one registered there with its own key, and check the"
        " clock of the machine that runs the task", "login.certificate_file", True),
    50194: (
        "the application belongs to one tenant, and was asked for at an address for all tenants",
        "Give the tenant's GUID or one of its domains, not common or organizations", "login.tenant_id", False),
    1000502: (
        "the certificate has expired, or is not valid yet",
        "Make a new one, upload it to the automation's registration, and check the clock", "login.certificate_file", False),
    7000274: (
        "the certificate has expired, or is not valid yet",
        "Make a new one, upload it to the automation's registration, and check the clock", "login.certificate_file", False),
    7000214: (
        "the certificate has been revoked", "Make a new one, and upload it to the automation's registration",
        "login.certificate_file", False),
    7000277: (
        "the certificate has been revoked", "Make a new one, and upload it to the automation's registration",
        "login.certificate_file", False),
    50059: ("the tenant has to be named", "Give the tenant's GUID or one of its domains", "login.tenant_id", False),
    50128: ("there is no such tenant", "Give the tenant's GUID or one of its domains", "login.tenant_id", False),
    500014: (
        "Microsoft Graph is disabled in this tenant", "Enable it under Enterprise applications, and see whether a subscription"
        " has lapsed", "login.client_id", False),
    500021: (
        "a proxy on the way allows other tenants only (tenant restrictions)", "Have this tenant added there, or this machine"
        " exempted", "login.tenant_id", False),
    500022: (
        "a proxy on the way allows other tenants only (tenant restrictions)", "Have this tenant added there, or this machine"
        " exempted", "login.tenant_id", False),
    65001: (
        "nobody has consented to the application's permissions", "Grant admin consent (API permissions of the registration)",
        "login.client_id", True),
    700030: (
        "the name in the certificate is not one that the application trusts",
        "Upload this certificate to the automation's registration", "login.certificate_file", False),
    900382: ("the tenant is in another cloud", "Check graph_url and cloud", "login.graph_url", False),
    900432: ("the tenant is in another cloud", "Check graph_url and cloud", "login.graph_url", False),
    530035: (
        "the security defaults of the tenant block it",
        "Have them replaced by Conditional Access policies that leave the automation out", "login", False),
    500011: ("Microsoft Graph is not known in this tenant", "Check graph_url and cloud", "login.graph_url", False),
    530032: ("a conditional access policy blocks it", "Have the automation excluded from it, or run from where it is allowed",
             "login", False),
    53003: ("a conditional access policy blocks it", "Have the automation excluded from it, or run from where it is allowed",
            "login", False),
}
# A workload identity is refused: by an old code, then by issuer, audience, subject, and subject in another case of letters.
_WITHOUT_CREDENTIAL = (
    "no federated credential of the application fits this workload",
    "Compare issuer, subject and audience in Entra's words with those of the registration's federated credential (entra_app sets "
    "federated_credentials): every letter counts, also upper and lower case; a new one takes up to some minutes to be known",
    "login.federated_token_file", True)
FEDERATION: Dict[int, Tuple[str, str, str, bool]] = {
    **dict.fromkeys((70021, 700211, 700212, 700213, 7002137, 7002138), _WITHOUT_CREDENTIAL),
    50013: (
        "the signature of the workload's token is not accepted", "Check that the token is whole, and that its issuer publishes "
        "the key that signed it", "login.federated_token_file", False),
    50166: (
        "Entra cannot get the keys of the issuer of the workload's token",
        "Publish its address /.well-known/openid-configuration on the internet", "login.federated_token_file", False),
}
_CODE = re.compile(r"AADSTS(\d{4,8})")
# With this code only Entra's text says that the certificate has expired; then the meaning is that of the other code.
_ASSERTION_REFUSED, _OUT_OF_DATE = 700027, 1000502
_KEY_EXPIRED = re.compile(r"\bkey used is expired|\bcertificate (?:is|has) expired", re.IGNORECASE)


def refusal(answer: Mapping[str, Any]) -> Refusal:
    """Read the endpoint's JSON, as msal returns it: error, error_description, error_codes."""
    description = str(answer.get("error_description") or "")
    first = description.splitlines()[0] if description else str(answer.get("error") or "without a reason")
    numbers = _numbers(answer, description)
    known = {**_CODES, **FEDERATION}
    found = next((number for number in numbers if number in known), None)
    code = f"AADSTS{found or numbers[0]}" if numbers else str(answer.get("error") or "unknown")
    if found is None:
        return Refusal(f"Entra gives no token: {first}.", "Check the options of login.", "login", code)
    expired = found == _ASSERTION_REFUSED and _KEY_EXPIRED.search(description)
    cause, remedy, field, lag = known[_OUT_OF_DATE if expired else found]
    return Refusal(f"Entra gives no token, as {cause} ({first}).", f"{remedy}.", field, code, lag)


def _numbers(answer: Mapping[str, Any], description: str) -> List[int]:
    codes = answer.get("error_codes")
    given = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
    return given + [int(number) for number in _CODE.findall(description)]


def claims(token: str) -> Dict[str, Any]:
    """Read an access token's claims, unverified, for messages and for the tenant's id; empty when unreadable."""
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}
