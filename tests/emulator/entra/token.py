# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint: client credentials by secret or by assertion.

What it sees of applications and secrets may be older than what Graph shows (replication); the roles of a token are those of the
moment of its issue.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import jwt

from emulator import ids
from emulator.answer import Answer, Refusal, plain
from emulator.call import Caller
from emulator.clock import parsed
from emulator.entra import assertion, federation
from emulator.entra.discovery import COMMON, tenant_named
from emulator.entra.errors import LoginRefused
from emulator.replication import View
from emulator.store import Document
from emulator.world import GRAPH_APP_ID, World

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def issue(world: World, origin: str, tenant_name: str, form: Mapping[str, str]) -> Answer:
    """A token, or LoginRefused."""
    if tenant_name.lower() in COMMON:
        raise LoginRefused(
            400, "invalid_request", 9001023,
            f"The grant type is not supported over the /{tenant_name} endpoint. Please use a tenant-specific endpoint.",
        )  # fmt: skip
    tenant = tenant_named(world, tenant_name)
    _check_form(form)
    audience = _audience(world, tenant, origin, form.get("scope", ""))
    view = world.replication.token_view()
    application = _application(view, tenant, form["client_id"])
    method = _authenticate(world, application, tenant, origin, tenant_name, form)
    principal = view.first("servicePrincipal", tenant=tenant["id"], appId=application["appId"])
    if principal is None:
        raise LoginRefused(
            401, "invalid_client", 7000229,
            f"The client application {application['appId']} is missing service principal in the tenant {tenant['id']}."
            " See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        )  # fmt: skip
    if not principal["accountEnabled"]:
        raise LoginRefused(
            401, "unauthorized_client", 7000112,
            f"Application '{application['appId']}'({application['displayName']}) is disabled.",
        )  # fmt: skip
    _check_policies(world, application["appId"], tenant_name)
    roles = roles_of(world, view, principal)
    return _granted(world, _claims(world, tenant, principal, audience, method) | ({"roles": roles} if roles else {}))


_POLICY_TEXTS = {
    53003: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    530032: "The tenant admin has configured a security policy that blocks this request. Check the security policies that are"
    " defined on the tenant level to determine if your request meets the policy requirements.",
}


def _check_policies(world: World, app_id: str, tenant_name: str) -> None:
    """Conditional Access for workload identities: judged last, once it is known who asks."""
    blocked = world.rules.meet(
        ("conditional_access",), app_id=app_id, method="POST", path=f"/{tenant_name}/oauth2/v2.0/token"
    )
    if blocked:
        number = int(blocked.values["number"])
        raise LoginRefused(
            int(blocked.values["status"]), str(blocked.values["error"]), number, _POLICY_TEXTS.get(number, _POLICY_TEXTS[53003])
        )


def _check_form(form: Mapping[str, str]) -> None:
    for name in ("grant_type", "client_id"):
        if not form.get(name):
            raise LoginRefused(
                400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
            )
    if form["grant_type"] != "client_credentials":
        raise LoginRefused(
            400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'."
        )


def _audience(world: World, tenant: Document, origin: str, scope: str) -> str:
    """The audience that the scope asks for: one of Graph's addresses."""
    if not scope:
        raise LoginRefused(400, "invalid_request", 900144, "The request body must contain the following parameter: 'scope'.")
    if not scope.endswith("/.default") or " " in scope:
        raise LoginRefused(
            400, "invalid_scope", 1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default"
            " suffixed to the resource identifier (application ID URI).",
        )  # fmt: skip
    resource = scope.removesuffix("/.default").rstrip("/")
    if resource in world.audiences(tenant, origin):
        return resource
    raise LoginRefused(
        400, "invalid_resource", 500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant['displayName']}. This can happen if"
        " the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
        " You might have sent your authentication request to the wrong tenant.",
    )  # fmt: skip


def _application(view: View, tenant: Document, client_id: str) -> Document:
    application = view.first("application", tenant=tenant["id"], appId=client_id.lower())
    if application is None:
        raise LoginRefused(
            400, "unauthorized_client", 700016,
            f"Application with identifier '{client_id}' was not found in the directory '{tenant['displayName']}'. This can happen"
            " if the application has not been installed by the administrator of the tenant or consented to by any user in the"
            " tenant. You may have sent your authentication request to the wrong tenant.",
        )  # fmt: skip
    return application


def _authenticate(
    world: World, application: Document, tenant: Document, origin: str, named: str, form: Mapping[str, str]
) -> str:
    """Authenticate the application and return the method: '1' for a secret, '2' for a certificate."""
    if form.get("client_secret"):
        _check_secret(world, application, form["client_secret"])
        return "1"
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != JWT_BEARER:
            raise LoginRefused(400, "invalid_request", 900144, "The request body must contain the following parameter:"
                               " 'client_assertion_type'.")  # fmt: skip
        if federation.is_foreign(application, form["client_assertion"]):
            federation.verify(world, application, form["client_assertion"])
            return "2"
        endpoints = tuple(
            f"{origin}/{name}/{path}"
            for name in (tenant["id"], named) for path in ("oauth2/v2.0/token", "v2.0", "oauth2/token")
        )  # fmt: skip
        assertion.verify(world, application, form["client_assertion"], endpoints)
        return "2"
    raise LoginRefused(
        401, "invalid_client", 7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )  # fmt: skip


def digest(secret: str) -> str:
    """A secret as it is kept: its value is given out once."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_secret(world: World, application: Document, secret: str) -> None:
    app_id = application["appId"]
    for credential in application["passwordCredentials"]:
        if hmac.compare_digest(credential["digest"], digest(secret)):
            now = world.clock.now()
            if parsed(credential["endDateTime"]) <= now:
                raise LoginRefused(
                    401, "invalid_client", 7000222,
                    f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys"
                    " for your app, or consider using certificate credentials for added security.",
                )  # fmt: skip
            return
    raise LoginRefused(
        401, "invalid_client", 7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client"
        f" secret ID, for a secret added to app '{app_id}'.",
    )  # fmt: skip


def _granted(world: World, claims: dict[str, Any]) -> Answer:
    lifetime = int(world.setting("token_lifetime"))
    token = world.key.sign(claims)
    body = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
    return plain(200, body, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "x-ms-request-id": ids.new()})


def _claims(world: World, tenant: Document, principal: Document, audience: str, method: str) -> dict[str, Any]:
    now = int(world.clock.seconds())
    lifetime = int(world.setting("token_lifetime"))
    return {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant['id']}/",
        "iat": now, "nbf": now, "exp": now + lifetime + 1,
        "aio": base64.b64encode(secrets.token_bytes(24)).decode(),
        "app_displayname": principal["displayName"],
        "appid": principal["appId"],
        "appidacr": method,
        "idp": f"https://sts.windows.net/{tenant['id']}/",
        "idtyp": "app",
        "oid": principal["id"],
        "rh": "0.",
        "sub": principal["id"],
        "tenant_region_scope": "EU",
        "tid": tenant["id"],
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }  # fmt: skip


def roles_of(world: World, view: View, principal: Document) -> list[str]:
    """The application roles of Graph that the principal has been assigned, by name."""
    graph = world.store.get("servicePrincipal", ids.fixed(principal["tenant"], GRAPH_APP_ID))
    assigned = {assignment["appRoleId"] for assignment in view.all("appRoleAssignment", principalId=principal["id"])}
    return sorted(role["value"] for role in graph["appRoles"] if role["id"] in assigned) if graph else []


def managed(world: World, origin: str, identity: Document, resource: str) -> Answer:
    """A token of a managed identity, in the form of the instance metadata service; LoginRefused as the token endpoint."""
    tenant = tenant_named(world, identity["tenant"])
    audience = _audience(world, tenant, origin, f"{resource}/.default")
    view = world.replication.token_view()
    principal = view.first("servicePrincipal", tenant=tenant["id"], appId=identity["app_id"])
    assert principal
    claims = _claims(world, tenant, principal, audience, "2") | {"roles": roles_of(world, view, principal)}
    lifetime = str(claims["exp"] - claims["iat"])
    return plain(200, {
        "access_token": world.key.sign(claims), "client_id": identity["app_id"], "expires_in": lifetime,
        "expires_on": str(claims["exp"]), "ext_expires_in": lifetime, "not_before": str(claims["nbf"]),
        "resource": resource, "token_type": "Bearer",
    })  # fmt: skip


def caller(world: World, origin: str, authorization: str) -> Caller:
    """Who calls Graph with this Authorization header; Refusal 401 where the token does not hold."""
    scheme, _, token = authorization.partition(" ")
    if not token.strip() or scheme.lower() != "bearer":
        raise unauthenticated("Access token is empty.")
    if token.count(".") != 2:
        raise unauthenticated(
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization"
            " Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'. (JWE): 'EncodedProtectedHeader.EncodedEncryptedKey"
            ".EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."
        )
    try:
        claims = jwt.decode(
            token.strip(), world.key.private.public_key(), algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )  # fmt: skip
    except jwt.PyJWTError:
        raise unauthenticated("Access token validation failure. Invalid signature.") from None
    if claims["exp"] <= world.clock.seconds():
        raise unauthenticated("Lifetime validation failed, the token is expired.")
    tenant = world.tenant(claims["tid"])
    if tenant is None or claims["aud"] not in world.audiences(tenant, origin):
        raise unauthenticated("Access token validation failure. Invalid audience.")
    return Caller(claims["tid"], claims["appid"], claims["oid"], frozenset(claims.get("roles", ())))


def unauthenticated(text: str) -> Refusal:
    return Refusal(
        401, "InvalidAuthenticationToken", text,
        headers={
            "WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",'
            ' client_id="00000003-0000-0000-c000-000000000000"'
        },
    )  # fmt: skip
