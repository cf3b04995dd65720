# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications and service principals as they begin, and how each is found by the keys of a path."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Refusal, bad_request, not_found
from emulator.clock import Clock, whole
from emulator.odata.path import Key
from emulator.odata.writing import merged
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
# Audiences with personal accounts, whose applications take two secrets at most (Entra: "Validation differences by supported
# account types").
PERSONAL = AUDIENCES[2:]
MOST_SECRETS = 2
_ALTERNATE = {"application": ("appId", "uniqueName"), "servicePrincipal": ("appId",)}


def empty_application() -> Document:
    """Return the properties of an application that was created without any."""
    return {
        "uniqueName": None, "keyCredentials": [], "passwordCredentials": [], "requiredResourceAccess": [],
        "signInAudience": "AzureADMyOrg", "notes": None, "serviceManagementReference": None, "tags": [],
        **{platform: {"redirectUris": []} for platform in ("web", "spa", "publicClient")},
    }  # fmt: skip


def new_application(tenant: Document, clock: Clock, given: dict[str, Any]) -> Document:
    """An application with these properties and Entra's own."""
    empty = empty_application()
    own = {
        "id": ids.new(), "appId": ids.new(), "tenant": tenant["id"], "owners": [], "createdDateTime": whole(clock.now()),
        "deletedDateTime": None, "publisherDomain": tenant["domains"][0],
    }  # fmt: skip
    return merged(empty | own, given, empty)


def shown(document: Document, *, with_keys: bool = False) -> Document:
    """As it goes out: no digest of a secret, keys of certificates only where they were asked for."""
    out = dict(document)
    out["passwordCredentials"] = [
        {name: value for name, value in credential.items() if name != "digest"}
        for credential in document["passwordCredentials"]
    ]
    if not with_keys:
        out["keyCredentials"] = [{**credential, "key": None} for credential in document["keyCredentials"]]
    return out


def new_principal(tenant: Document, clock: Clock, application: Document, given: dict[str, Any]) -> Document:
    """The service principal of an application; of Microsoft's own likewise, with what they give."""
    return {
        "id": ids.new(), "tenant": tenant["id"], "deletedDateTime": None, "accountEnabled": True, "appId": application["appId"],
        "appOwnerOrganizationId": application.get("tenant", tenant["id"]), "createdDateTime": whole(clock.now()),
        "displayName": application["displayName"], "servicePrincipalNames": [application["appId"]],
        "servicePrincipalType": "Application", "appRoles": [], "oauth2PermissionScopes": [], **given,
    }  # fmt: skip


def keyed(call: Call, kind: str, key: Key) -> Document | None:
    """Return the object with this key, an id or an alternate key in brackets, as the replica of this call has it."""
    if key.property and key.property != "id":
        if key.property not in _ALTERNATE.get(kind, ()):
            raise bad_request(f"The key property '{key.property}' is not a key of the type.", "BadRequest")
        value = key.value.lower() if key.property == "appId" else key.value
        found = call.view.first(kind, tenant=call.tenant, **{key.property: value})
    else:
        if not ids.is_guid(key.value):
            raise bad_request(f"Invalid object identifier '{key.value}'.")
        found = call.view.get(kind, key.value.lower())
    return found if found and found["tenant"] == call.tenant else None


def existing(call: Call, kind: str, name: str) -> Document:
    """The object that the path names, as this replica has it; 404 where it has none."""
    key = call.keys[name]
    found = keyed(call, kind, key)
    if found is None:
        raise not_found(key.value)
    return found


def to_change(call: Call, kind: str, name: str) -> Document:
    """The same, to be written: once found, as the directory has it by now."""
    found = existing(call, kind, name)
    current = call.world.store.get(kind, found["id"])
    if current is None:
        raise not_found(call.key(name))
    refuse_concurrent(call, current)
    return current


def refuse_concurrent(call: Call, document: Document) -> None:
    """Refuse a write that comes too soon after the last one to this object, as Entra does now and then; else note it."""
    now, last = time.monotonic(), call.world.written.get(document["id"], -math.inf)
    if now - last < call.world.setting("write_conflict_seconds"):
        raise Refusal(
            409, "Directory_ConcurrencyViolation",
            "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
        )  # fmt: skip
    call.world.written[document["id"]] = now


def home(world: World, tenant: str) -> Document:
    found = world.tenant(tenant)
    assert found
    return found


def check_read_only(given: dict[str, Any], current: Document | None, *names: str) -> None:
    """Refuse a change of one of these; a new object takes none of them."""
    for name in names:
        if name in given and (current is None or given[name] != current.get(name)):
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")


def required(document: dict[str, Any], name: str, resource: str) -> None:
    if not document.get(name):
        raise bad_request(f"A value is required for property '{name}' of resource '{resource}'.")
