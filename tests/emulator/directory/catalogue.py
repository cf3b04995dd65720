# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource that every tenant has: Microsoft Graph, with its application roles and delegated scopes.

A delegated scope of the same name has another id; taking the one for the other is a known mistake. Ids from Microsoft's
published permission list; those of scopes and roles that this project does not use are made up where they are not known.
"""

from __future__ import annotations

from typing import Any

from emulator import ids
from emulator.world import CLOUDS, GRAPH_APP_ID

MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

_GRAPH_ROLES = {
    "Mail.Send": ("b633e1c5-b582-4048-a93e-9f11b44c7e96", "Send mail as any user"),
    "Mail.Read": ("810c84a8-4a9e-49e6-bf7d-12d183f40d01", "Read mail in all mailboxes"),
    "Mail.ReadBasic": ("6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a", "Read basic mail in all mailboxes"),
    "Mail.ReadBasic.All": ("693c5e45-0940-467d-9b8a-1022fb9d42ef", "Read basic mail in all mailboxes"),
    "Mail.ReadWrite": ("e2a3a72e-5f79-4c64-b1b1-878b674786c9", "Read and write mail in all mailboxes"),
    "Application.ReadWrite.All": ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Read and write all applications"),
    "Application.ReadWrite.OwnedBy": ("18a4783c-866b-4cc7-a460-3d5e5662c884", "Manage apps that this app creates or owns"),
    "Application.Read.All": ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Read all applications"),
    "AppRoleAssignment.ReadWrite.All": ("06b708a9-e830-4db3-a914-8e69da51d44f", "Manage app permission grants and assignments"),
    "RoleManagement.ReadWrite.Exchange": ("025d3225-3f02-4882-b4c0-cd5b541a4e80", "Read and write Exchange Online RBAC"),
    "RoleManagement.Read.Exchange": ("c769435f-f061-4d0b-8ff1-3d39870e5f85", "Read Exchange Online RBAC configuration"),
    "User.Read.All": ("df021288-bdef-4463-88db-98f22de89214", "Read all users' full profiles"),
    "Directory.Read.All": ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Read directory data"),
    "Directory.ReadWrite.All": ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Read and write directory data"),
    "Organization.Read.All": ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Read organization information"),
}
_GRAPH_SCOPES = {
    "Mail.Send": "e383f46e-2787-4529-855e-0e479a3ffac0",
    "Mail.Read": "570282fd-fa5c-430d-a7fd-fc8dc98a9dca",
    "Mail.ReadBasic": "a4b8392a-d8d1-4954-a029-8e668a39a170",
    "Mail.ReadWrite": "024d486e-b451-40bb-833d-3e66d98c5c73",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "User.Read.All": "a154be20-db9c-4678-8ab7-66f6cc099a59",
    "Application.ReadWrite.All": "bdfbf15f-ee85-4955-8675-146e8e5296b5",
    "Application.Read.All": "c79f8feb-a9db-4090-85f9-90d820caa0eb",
    "AppRoleAssignment.ReadWrite.All": "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
    "Directory.Read.All": "06da0dbc-49e2-44d2-8312-53f166ab848a",
}

def _role(value: str, key: str, name: str) -> dict[str, Any]:
    return {
        "allowedMemberTypes": ["Application"], "description": name, "displayName": name, "id": key, "isEnabled": True,
        "origin": "Application", "value": value,
    }  # fmt: skip


def _scope(value: str, key: str) -> dict[str, Any]:
    return {
        "adminConsentDescription": value, "adminConsentDisplayName": value, "id": key, "isEnabled": True, "type": "User",
        "userConsentDescription": value, "userConsentDisplayName": value, "value": value,
    }  # fmt: skip


def graph(tenant: str, cloud: str) -> dict[str, Any]:
    """The service principal of Graph in a tenant: what differs from one to the next."""
    return {
        "id": ids.fixed(tenant, GRAPH_APP_ID), "tenant": tenant, "appId": GRAPH_APP_ID, "displayName": "Microsoft Graph",
        "appOwnerOrganizationId": MICROSOFT_TENANT, "servicePrincipalNames": [GRAPH_APP_ID, CLOUDS[cloud][1]],
        "appRoles": [_role(value, key, name) for value, (key, name) in _GRAPH_ROLES.items()],
        "oauth2PermissionScopes": [_scope(value, key) for value, key in _GRAPH_SCOPES.items()],
    }
