# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the discovery document, in which a client finds the endpoints of the login."""

from __future__ import annotations

import re
from typing import Any

from emulator.answer import Answer, plain
from emulator.entra.errors import LoginRefused, tenant_unknown
from emulator.store import Document
from emulator.world import CLOUDS, World

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+\Z")
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")
COMMON = ("common", "organizations", "consumers")


def tenant_named(world: World, name: str, *, error: str = "invalid_request") -> Document:
    """The tenant, or how the login refuses its name."""
    tenant = world.tenant(name)
    if tenant:
        return tenant
    if not _DOMAIN.match(name) and not _GUID.match(name):
        raise LoginRefused(
            400, "invalid_request", 900023,
            f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain.",
        )  # fmt: skip
    raise tenant_unknown(name, error=error)


def configuration(world: World, origin: str, name: str) -> Answer:
    """The OpenID configuration of a tenant."""
    if name.lower() in COMMON:
        tenant_id, region, graph = "{tenantid}", "", "graph.microsoft.com"
    else:
        tenant = tenant_named(world, name, error="invalid_tenant")
        tenant_id, region = tenant["id"], "EU"
        graph = CLOUDS[tenant["cloud"]][1].removeprefix("https://")
    path = name if name.lower() in COMMON else tenant_id
    document: dict[str, Any] = {
        "token_endpoint": f"{origin}/{path}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth",
        ],
        "jwks_uri": f"{origin}/{path}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{origin}/{tenant_id}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"https://{graph}/oidc/userinfo",
        "authorization_endpoint": f"{origin}/{path}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{origin}/{path}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{origin}/{path}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "cloud_instance_name", "aud", "exp", "iat", "auth_time", "nonce", "tid", "ver"],
        "tenant_region_scope": region or None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": graph,
        "rbac_url": "https://pas.windows.net",
    }  # fmt: skip
    return plain(200, document, {"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=86400, private"})
