# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service principal shows of its application, and how a change of the one comes to the other."""

from __future__ import annotations

from emulator.store import Document
from emulator.world import World


def projected(application: Document) -> Document:
    """What a service principal shows of its application."""
    web, api = application.get("web") or {}, application.get("api") or {}
    places = [application.get(name) or {} for name in ("web", "spa", "publicClient")]
    return {
        "displayName": application["displayName"], "appDisplayName": application["displayName"],
        "appDescription": application.get("description"), "homepage": web.get("homePageUrl"), "logoutUrl": web.get("logoutUrl"),
        "replyUrls": [uri for place in places for uri in place.get("redirectUris", ())],
        "servicePrincipalNames": [application["appId"], *application.get("identifierUris", ())],
        "signInAudience": application.get("signInAudience", "AzureADMultipleOrgs"),
        "appRoles": application.get("appRoles", []), "oauth2PermissionScopes": api.get("oauth2PermissionScopes", []),
        "info": application.get("info"), "verifiedPublisher": application.get("verifiedPublisher"),
    }  # fmt: skip


def carry_over(world: World, before: Document, after: Document) -> None:
    """A change of an application changes its service principals where they show it, each as late as any other write."""
    before_it = projected(before)
    changes = {name: value for name, value in projected(after).items() if value != before_it[name]}
    if not changes:
        return
    for principal in world.store.all("servicePrincipal"):
        if principal["appId"] == after["appId"]:
            world.store.put("servicePrincipal", principal["id"], principal | changes)
