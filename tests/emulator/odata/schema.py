# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of what Graph gives out, as far as this project meets them: names, Edm types, what comes unasked.

From the v1.0 metadata and Graph's reference pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.odata.complex_types import Declared, declared


@dataclass(frozen=True)
class EntityType:
    """`unasked` are the properties of an answer without $select; `filterable` what $filter takes.

    `name` is as errors name it; `declared` are the properties with the types of what may be written to them.
    """

    name: str
    properties: dict[str, str]
    unasked: tuple[str, ...]
    filterable: frozenset[str]
    declared: dict[str, Declared] = field(default_factory=dict)

    def without(self, name: str) -> Any:
        """Return the value of a property that was never set: an empty list for a collection, else null."""
        return [] if self.properties[name] == "Collection" else None


def _type(name: str, properties: str, *, only_asked: str = "", filterable: str = "") -> EntityType:
    """Properties are given as in complex_types; those `only_asked` come by $select alone."""
    unasked = declared(properties)
    every = unasked | declared(only_asked)
    return EntityType(
        name, {name: one.edm for name, one in every.items()}, tuple(unasked), frozenset(filterable.split()), every
    )


APPLICATION = _type(
    "microsoft.graph.application",
    "id deletedDateTime:t appId createdDateTime:t displayName:s256 publisherDomain signInAudience uniqueName"
    " notes:s1024 serviceManagementReference tags:*s web:c spa:c publicClient:c"
    " keyCredentials:*keyCredential passwordCredentials:*passwordCredential requiredResourceAccess:*requiredResourceAccess",
    filterable="displayName",
)
DIRECTORY_OBJECT = _type("microsoft.graph.directoryObject", "id deletedDateTime:t")
FEDERATED = _type("microsoft.graph.federatedIdentityCredential", "id name issuer subject audiences:*s description")
SERVICE_PRINCIPAL = _type(
    "microsoft.graph.servicePrincipal",
    "id deletedDateTime:t accountEnabled:b appId appOwnerOrganizationId:g createdDateTime:t displayName servicePrincipalNames:*s"
    " servicePrincipalType appRoles:* oauth2PermissionScopes:*",
)
APP_ROLE_ASSIGNMENT = _type(
    "microsoft.graph.appRoleAssignment",
    "id deletedDateTime:t appRoleId:g createdDateTime:t principalDisplayName principalId:g principalType resourceDisplayName"
    " resourceId:g",
)
USER = _type("microsoft.graph.user", "displayName mail userPrincipalName id")
ADD_PASSWORD = _type("microsoft.graph.application", "passwordCredential:passwordCredential")
REMOVE_PASSWORD = _type("microsoft.graph.application", "keyId:g")
MAIL_FOLDER = _type(
    "Microsoft.OutlookServices.MailFolder", "id displayName parentFolderId unreadItemCount:i totalItemCount:i"
)
MESSAGE = _type(
    "Microsoft.OutlookServices.Message",
    "id createdDateTime:t lastModifiedDateTime:t changeKey categories:*s receivedDateTime:t sentDateTime:t hasAttachments:b"
    " internetMessageId subject parentFolderId isRead:b from:c toRecipients:*",
    only_asked="internetMessageHeaders:*",
    filterable="receivedDateTime sentDateTime internetMessageId isRead",
)
ROLE_ASSIGNMENT = _type(
    "microsoft.graph.unifiedRoleAssignment",
    "id principalId roleDefinitionId directoryScopeId appScopeId",
    filterable="roleDefinitionId",
)
ROLE_DEFINITION = _type(
    "microsoft.graph.unifiedRoleDefinition", "id description displayName isEnabled:b isBuiltIn:b", filterable="displayName"
)
BATCH_STEP = _type("microsoft.graph.batchStep", "id method url headers:c body:a")
