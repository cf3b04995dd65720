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
    """`unasked` are the properties of an answer without $select; `filterable` what $filter takes without ConsistencyLevel.

    `name` is as errors name it; `declared` are the properties with the types of what may be written to them; `advanced` what
    $filter takes with ConsistencyLevel alone.
    """

    name: str
    properties: dict[str, str]
    unasked: tuple[str, ...]
    filterable: frozenset[str]
    navigations: frozenset[str] = frozenset()
    declared: dict[str, Declared] = field(default_factory=dict)
    advanced: frozenset[str] = frozenset()

    def knows(self, path: str) -> bool:
        first = path.split("/", maxsplit=1)[0]
        return first in self.properties or first in self.navigations

    def without(self, name: str) -> Any:
        """What a property is that nobody has set: a collection is never null."""
        return [] if self.properties[name] == "Collection" else None

    def type_of(self, path: str) -> str:
        if path.endswith("/$count"):
            return "Edm.Int32"
        return self.properties.get(path.split("/", maxsplit=1)[0], "Complex")


def _type(
    name: str, properties: str, *, only_asked: str = "", filterable: str = "", advanced: str = "", navigations: str = ""
) -> EntityType:
    """Properties are given as in complex_types; those `only_asked` come by $select alone."""
    unasked = declared(properties)
    every = unasked | declared(only_asked)
    return EntityType(
        name, {name: one.edm for name, one in every.items()}, tuple(unasked), frozenset(filterable.split()),
        frozenset(navigations.split()), every, frozenset(advanced.split()),
    )  # fmt: skip


APPLICATION = _type(
    "microsoft.graph.application",
    "id deletedDateTime:t appId applicationTemplateId disabledByMicrosoftStatus createdDateTime:t displayName:s256"
    " description:s1024 groupMembershipClaims identifierUris:*s isDeviceOnlyAuthSupported:b isFallbackPublicClient:b"
    " nativeAuthenticationApisEnabled notes:s1024 publisherDomain serviceManagementReference signInAudience tags:*s256"
    " tokenEncryptionKeyId:g uniqueName samlMetadataUrl defaultRedirectUri certification:c optionalClaims:optionalClaims"
    " servicePrincipalLockConfiguration:c requestSignatureVerification:c addIns:*addIn api:apiApplication appRoles:*appRole"
    " info:informationalUrl keyCredentials:*keyCredential parentalControlSettings:parentalControlSettings"
    " passwordCredentials:*passwordCredential publicClient:publicClientApplication"
    " requiredResourceAccess:*requiredResourceAccess verifiedPublisher:c web:webApplication spa:spaApplication",
    only_asked="logo:c authenticationBehaviors:c",
    filterable="id appId displayName identifierUris publisherDomain signInAudience uniqueName createdDateTime tags"
    " requiredResourceAccess",
    advanced="web",
    navigations="owners federatedIdentityCredentials createdOnBehalfOf extensionProperties",
)
SERVICE_PRINCIPAL = _type(
    "microsoft.graph.servicePrincipal",
    "id deletedDateTime:t accountEnabled:b alternativeNames:*s appDisplayName appDescription appId applicationTemplateId"
    " appOwnerOrganizationId:g appRoleAssignmentRequired:b createdDateTime:t description disabledByMicrosoftStatus displayName"
    " homepage loginUrl logoutUrl notes notificationEmailAddresses:*s preferredSingleSignOnMode"
    " preferredTokenSigningKeyThumbprint replyUrls:*s servicePrincipalNames:*s servicePrincipalType signInAudience tags:*s256"
    " tokenEncryptionKeyId:g samlSingleSignOnSettings:c addIns:*addIn appRoles:*appRole info:informationalUrl"
    " keyCredentials:*keyCredential oauth2PermissionScopes:*permissionScope passwordCredentials:*passwordCredential"
    " resourceSpecificApplicationPermissions:* verifiedPublisher:c",
    filterable="id appId displayName accountEnabled servicePrincipalNames servicePrincipalType appOwnerOrganizationId tags",
    navigations="owners appRoleAssignments appRoleAssignedTo oauth2PermissionGrants",
)
APP_ROLE_ASSIGNMENT = _type(
    "microsoft.graph.appRoleAssignment",
    "id deletedDateTime:t appRoleId:g createdDateTime:t principalDisplayName principalId:g principalType resourceDisplayName"
    " resourceId:g",
    filterable="principalId resourceId appRoleId principalDisplayName",
)
USER = _type(
    "microsoft.graph.user",
    "businessPhones:* displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname"
    " userPrincipalName id",
    only_asked="accountEnabled:b assignedLicenses:* assignedPlans:* proxyAddresses:* mailNickname userType otherMails:*"
    " createdDateTime:t usageLocation department companyName employeeId onPremisesExtensionAttributes:c"
    " onPremisesSyncEnabled:b onPremisesImmutableId ageGroup city country creationType deletedDateTime:t employeeHireDate:t"
    " employeeOrgData:c employeeType externalUserState faxNumber identities:* imAddresses:* isResourceAccount:b"
    " lastPasswordChangeDateTime:t legalAgeGroupClassification onPremisesDistinguishedName onPremisesDomainName"
    " onPremisesLastSyncDateTime:t onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesUserPrincipalName"
    " passwordPolicies postalCode preferredDataLocation provisionedPlans:* securityIdentifier showInAddressList:b"
    " signInSessionsValidFromDateTime:t state streetAddress",
    filterable="id userPrincipalName mail displayName mailNickname proxyAddresses accountEnabled givenName surname userType"
    " otherMails assignedLicenses city country createdDateTime department employeeId jobTitle state usageLocation",
    advanced="companyName employeeHireDate employeeType faxNumber mobilePhone officeLocation onPremisesSamAccountName postalCode"
    " preferredLanguage showInAddressList streetAddress",
    navigations="messages mailFolders manager",
)
FEDERATED_CREDENTIAL = _type(
    "microsoft.graph.federatedIdentityCredential",
    "id name:s120 issuer:s600 subject:s600 description:s600 audiences:*s600",
    filterable="name issuer subject",
)
ADD_PASSWORD = _type("microsoft.graph.application", "passwordCredential:passwordCredential")
REMOVE_PASSWORD = _type("microsoft.graph.application", "keyId:g")
MAIL_FOLDER = _type(
    "Microsoft.OutlookServices.MailFolder",
    "id displayName parentFolderId childFolderCount:i unreadItemCount:i totalItemCount:i sizeInBytes:i isHidden:b",
    filterable="displayName unreadItemCount totalItemCount",
    navigations="messages childFolders",
)
MESSAGE = _type(
    "Microsoft.OutlookServices.Message",
    "id createdDateTime:t lastModifiedDateTime:t changeKey categories:* receivedDateTime:t sentDateTime:t hasAttachments:b"
    " internetMessageId subject bodyPreview importance parentFolderId conversationId conversationIndex"
    " isDeliveryReceiptRequested:b isReadReceiptRequested:b isRead:b isDraft:b webLink inferenceClassification body:c sender:c"
    " from:c toRecipients:* ccRecipients:* bccRecipients:* replyTo:* flag:c",
    only_asked="internetMessageHeaders:* uniqueBody:c",
    filterable="id receivedDateTime sentDateTime createdDateTime lastModifiedDateTime hasAttachments internetMessageId subject"
    " importance conversationId isRead isDraft from sender categories flag singleValueExtendedProperties parentFolderId body"
    " inferenceClassification isDeliveryReceiptRequested isReadReceiptRequested",
    navigations="attachments singleValueExtendedProperties multiValueExtendedProperties extensions",
)
ATTACHMENT = _type(
    "microsoft.graph.attachment",
    "id lastModifiedDateTime:t name contentType size:i isInline:b",
    filterable="name contentType size isInline lastModifiedDateTime",
)
# What a fileAttachment has besides; $select names it with the derived type before it.
FILE_ATTACHMENT = ("contentId", "contentLocation", "contentBytes")
ROLE_ASSIGNMENT = _type(
    "microsoft.graph.unifiedRoleAssignment",
    "id principalId roleDefinitionId directoryScopeId appScopeId",
    only_asked="principalOrganizationId resourceScope condition",
    filterable="id principalId roleDefinitionId directoryScopeId appScopeId",
    navigations="roleDefinition principal directoryScope appScope",
)
ROLE_DEFINITION = _type(
    "microsoft.graph.unifiedRoleDefinition",
    "id description displayName isEnabled:b version isBuiltIn:b templateId allowedPrincipalTypes rolePermissions:*",
    filterable="id displayName isBuiltIn",
)
APP_SCOPE = _type(
    "microsoft.graph.customAppScope",
    "id type displayName customAttributes:customAppScopeAttributes",
    filterable="id displayName",
)
ORGANIZATION = _type(
    "microsoft.graph.organization",
    "id deletedDateTime:t createdDateTime:t displayName verifiedDomains:* tenantType",
    filterable="id",
)
BATCH_STEP = _type("microsoft.graph.batchStep", "id method url headers:c dependsOn:*s body:a")
DIRECTORY_OBJECT = _type("microsoft.graph.directoryObject", "id deletedDateTime:t", filterable="id")


def check_known(type_: EntityType, document: dict[str, Any]) -> str | None:
    """The first property that the type does not have."""
    return next((name for name in document if not type_.knows(name) and "@" not in name), None)
