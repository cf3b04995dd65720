# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The Graph permissions that the automation's login needs, and the messages when one is missing. Pure.

From the tables "Permissions" on the page of each request (application permissions, the least one first).
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple, Sequence, Tuple

from .graph_responses import GraphError


class Right(NamedTuple):
    """An action, the permission for it, alternative permissions, and the role in Entra with which a user may do it."""

    action: str
    permission: str
    also: str = ""
    role: str = "Application Administrator"


READ_APPLICATION = Right("read app registrations", "Application.Read.All")
WRITE_APPLICATION = Right(
    "write app registrations", "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy is enough for those that it made itself")
READ_SERVICE_PRINCIPAL = Right("read service principals", "Application.Read.All")
WRITE_SERVICE_PRINCIPAL = Right(
    "write service principals", "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy is enough for those of registrations that it made itself")
READ_CONSENT = Right("read which permissions are granted", "Application.Read.All")
WRITE_CONSENT = Right(
    "grant and revoke permissions (admin consent)", "AppRoleAssignment.ReadWrite.All", "Application.Read.All besides it",
    "Privileged Role Administrator")
READ_USER = Right(
    "look up mailboxes by address", "User.Read.All", "none is needed where mailboxes are named by their object id",
    "Directory Readers")
SHOW_SCOPE = Right(
    "read the roles of Exchange", "RoleManagement.Read.Exchange", "RoleManagement.ReadWrite.Exchange to assign them as well",
    "Exchange Administrator")
READ_SCOPE = Right(
    "read the roles of Exchange", "RoleManagement.ReadWrite.Exchange", "RoleManagement.Read.Exchange to read only",
    "Exchange Administrator")
WRITE_SCOPE = Right("assign roles of Exchange", "RoleManagement.ReadWrite.Exchange", role="Exchange Administrator")

GRANTED_BY = (
    "A Privileged Role Administrator or a Global Administrator grants it: Microsoft Entra admin center, App registrations, "
    "the automation's registration, API permissions, Microsoft Graph, Application permissions, then Grant admin consent")


def refused(right: Right, error: GraphError, claims: Mapping[str, Any]) -> Tuple[str, str]:
    """Return cause and remedy when Graph names a missing permission. ``claims`` are those of the token used."""
    who = claims.get("appid") or claims.get("azp") or "the login"
    said = ": ".join(part for part in (error.code, error.message) if part) or "without a word"
    cause = f"The automation ({who}) may not {right.action}; Microsoft Graph refuses it ({said}). {_held(claims)}"
    return cause, _needed_by_a_user(right) if _is_of_a_user(claims) else f"{_needed(right)} {GRANTED_BY}."


def _is_of_a_user(claims: Mapping[str, Any]) -> bool:
    return bool(claims.get("scp")) and not claims.get("roles")


def _held(claims: Mapping[str, Any]) -> str:
    roles = claims.get("roles")
    if isinstance(roles, list) and roles:
        return f"Its token holds: {', '.join(sorted(map(str, roles)))}."
    if _is_of_a_user(claims):
        return f"It is the login of a user, with the scopes: {claims['scp']}."
    return "Its token holds no application permission at all." if claims else "The permissions in its token are unknown."


def _needed(right: Right) -> str:
    also = f" ({right.also})" if right.also else ""
    return f"It needs the application permission {right.permission} of Microsoft Graph{also}."


def _needed_by_a_user(right: Right) -> str:
    return (
        f"The user needs a role in Entra that may do it, such as {right.role}, and the token the delegated permission "
        f"{right.permission}. A Privileged Role Administrator or a Global Administrator assigns the role: Microsoft Entra admin "
        "center, Roles and administrators. Where the token cannot have the permission, log in as an application.")


# Refusals by a tenant's policies, and by objects that a directory keeps after deletion: words in code or message.
_HINTS: Dict[str, str] = {
    "perAppPolicy": "A policy of the tenant (app management policy) forbids it: ask for an exception, or comply with the policy.",
    "CredentialInvalidLifetime": "A policy of the tenant limits the life of credentials: make valid_days shorter.",
    "uniqueName": (
        "Another registration has this unique_name, or a deleted one keeps it for 30 days: restore that one, or remove it for "
        "good (App registrations, Deleted applications)."),
    "maximum of 2 passwords": (
        "Registrations for personal accounts take two secrets, expired ones included: remove one that nothing uses "
        "(entra_app_credential with state: absent and remove_key_id), or set sign_in_audience: AzureADMyOrg."),
    "Directory_QuotaExceeded": (
        "The directory's quota is used up: remove registrations, also those deleted but kept, or have it raised."),
}


def remedy(error: GraphError, otherwise: str) -> str:
    """Return the remedy for a refusal other than missing permissions."""
    text = f"{error.code} {error.message}".lower()
    return next((hint for word, hint in _HINTS.items() if word.lower() in text), otherwise)


def sentence(what: str, status: int, error: GraphError) -> str:
    """Return a sentence that quotes Graph's error."""
    said: Sequence[str] = [part for part in (error.code, error.message) if part]
    return f"{what}: Microsoft Graph answered {status}{' ' if said else ''}{': '.join(said)}.".replace("..", ".")
