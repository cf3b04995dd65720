# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants, users and applications that a test begins with. Seeding the same again changes what was given, and doubles nothing."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emulator import ids
from emulator.clock import exact
from emulator.directory import assignments, catalogue, certificates, objects
from emulator.directory.credentials import new_secret
from emulator.entra.token import digest
from emulator.exchange import mailboxes, role_management
from emulator.store import Document
from emulator.world import CLOUDS, GRAPH_APP_ID, World


class BadSeed(ValueError):
    """A seed that cannot be; the text says why."""


def seed(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """{tenants: [{id, display_name, domains, cloud, users: [...], applications: [...]}]}; the same with what was made."""
    return {"tenants": [_tenant(world, tenant) for tenant in given["tenants"]]}


def _tenant(world: World, given: dict[str, Any]) -> dict[str, Any]:
    domains = given.get("domains") or ["contoso.test"]
    if given.get("cloud", "global") not in CLOUDS:
        raise BadSeed(f"There is no cloud {given['cloud']!r}; there are {', '.join(CLOUDS)}.")
    tenant = {
        "id": (given.get("id") or ids.fixed("tenant", domains[0])).lower(), "domains": domains,
        "cloud": given.get("cloud", "global"), "displayName": given.get("display_name", "Contoso"),
    }  # fmt: skip
    world.store.put("tenant", tenant["id"], tenant)
    graph = catalogue.graph(tenant["id"], tenant["cloud"])
    if world.store.get("servicePrincipal", graph["id"]) is None:
        world.store.put("servicePrincipal", graph["id"], objects.new_principal(tenant, world.clock, graph, graph))
    role_management.create_definitions(world, tenant["id"])
    return {
        "id": tenant["id"],
        "users": [_user(world, tenant, user) for user in given.get("users", ())],
        "applications": [_application(world, tenant, application) for application in given.get("applications", ())],
    }


def _user(world: World, tenant: Document, given: dict[str, Any]) -> dict[str, Any]:
    """{user_principal_name, mail, display_name, mailbox, mailbox_error, send_as, send_on_behalf}.

    `mailbox` false is a user without a licence. `send_as` and `send_on_behalf` name who may send from this one's address.
    """
    name = given["user_principal_name"]
    key, licensed = ids.fixed(tenant["id"], "user", name.lower()), given.get("mailbox", True) is True
    user = {
        "id": key, "tenant": tenant["id"], "userPrincipalName": name, "mail": given.get("mail", name) if licensed else None,
        "displayName": given.get("display_name", name),
        "mailbox": {
            "state": "enabled" if licensed else "none", "sendAs": given.get("send_as", []),
            "error": given.get("mailbox_error", "MailboxNotEnabledForRESTAPI"), "sendOnBehalf": given.get("send_on_behalf", []),
        },
    }  # fmt: skip
    world.store.put("user", key, user)
    if licensed:
        mailboxes.create_folders(world, user)
    return {"id": key, "user_principal_name": name}


def _application(world: World, tenant: Document, given: dict[str, Any]) -> dict[str, Any]:
    """As README.md says: display_name, unique_name, app_id, secret, secret_days, certificate, roles, disabled and others.

    `secret` true makes one, a text is its value; `certificate` is PEM; `roles` are roles of Graph that are consented to.
    """
    app_id = (given.get("app_id") or ids.fixed(tenant["id"], "app", given["display_name"])).lower()
    application = next((dict(one) for one in world.store.all("application") if one["appId"] == app_id), None)
    if application is None:
        application = objects.new_application(
            tenant, world.clock, {"displayName": given["display_name"], "uniqueName": given.get("unique_name"), "appId": app_id}
        )
    made = {"app_id": app_id, "object_id": application["id"], "display_name": given["display_name"]}
    made |= _secret(world, application, given)
    if given.get("certificate"):
        _add_certificate(world, application, given["certificate"])
    world.store.put("application", application["id"], application)
    if given.get("service_principal", True):
        principal = _principal(world, tenant, application, given)
        made["service_principal_id"] = principal["id"]
        for role in given.get("roles", ()):
            _assign(world, tenant, principal, role)
    if given.get("managed_identity"):
        world.store.put("setting", "managed_identity", {"tenant": tenant["id"], "app_id": app_id})
    return made


def _secret(world: World, application: Document, given: dict[str, Any]) -> dict[str, str]:
    if not given.get("secret"):
        return {}
    end = world.clock.now() + timedelta(days=float(given.get("secret_days", 180)))
    credential, value = new_secret(world, {"displayName": "seeded", "endDateTime": exact(end)})
    if given["secret"] is not True:
        value = str(given["secret"])
        credential |= {"digest": digest(value), "hint": value[:3]}
    if not any(one["digest"] == credential["digest"] for one in application["passwordCredentials"]):
        application["passwordCredentials"].append(credential)
    return {"client_secret": value, "key_id": credential["keyId"]}


def _add_certificate(world: World, application: Document, pem: str) -> None:
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    wanted = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}
    [credential] = certificates.kept([wanted], application)
    if credential["key"] not in (one["key"] for one in application["keyCredentials"]):
        application["keyCredentials"].append(credential)


def _principal(world: World, tenant: Document, application: Document, given: dict[str, Any]) -> Document:
    found = next((one for one in world.store.all("servicePrincipal")
                  if (one["appId"], one["tenant"]) == (application["appId"], tenant["id"])), None)  # fmt: skip
    principal = found or objects.new_principal(tenant, world.clock, application, {})
    principal["accountEnabled"] = not given.get("disabled", False)
    world.store.put("servicePrincipal", principal["id"], principal)
    return principal


def _assign(world: World, tenant: Document, principal: Document, role: str) -> None:
    graph = world.store.get("servicePrincipal", ids.fixed(tenant["id"], GRAPH_APP_ID))
    assert graph
    key = next((one["id"] for one in graph["appRoles"] if one["value"] == role), None)
    if key is None:
        raise BadSeed(f"Graph has no application role {role!r} here.")
    if not any((one["principalId"], one["appRoleId"]) == (principal["id"], key) for one in world.store.peek("appRoleAssignment")):
        assignments.assign(world, principal, graph, key)


def _client(world: World, given: dict[str, Any]) -> tuple[Document, Document]:
    for principal in world.store.all("servicePrincipal"):
        if principal["appId"] == given["app_id"].lower():
            tenant = world.tenant(principal["tenant"])
            assert tenant
            return tenant, principal
    raise BadSeed(f"No service principal has the appId {given['app_id']}.")


def grant(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """{app_id, roles}: consent, past any client."""
    tenant, principal = _client(world, given)
    for role in given["roles"]:
        _assign(world, tenant, principal, role)
    return {}


def revoke(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """{app_id, roles}: consent withdrawn; tokens keep what they have."""
    tenant, principal = _client(world, given)
    graph = world.store.get("servicePrincipal", ids.fixed(tenant["id"], GRAPH_APP_ID))
    assert graph
    keys = {one["id"] for one in graph["appRoles"] if one["value"] in given["roles"]}
    for assignment in list(world.store.peek("appRoleAssignment", principalId=principal["id"])):
        if assignment["appRoleId"] in keys:
            world.store.delete("appRoleAssignment", assignment["id"])
    return {}
