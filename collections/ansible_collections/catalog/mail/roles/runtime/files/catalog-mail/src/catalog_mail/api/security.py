# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authenticate and authorise requests by bearer token (RFC 6750)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from catalog_mail.api.context import Services, services
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import NotPermitted, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="A token made by `catalog-mail token create`.")


def bearer_token(request: Request) -> str | None:
    """Return the token that the request carries, whether or not it is known."""
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    return token if scheme.lower() == "bearer" and token else None


async def authenticate(request: Request) -> Principal:
    """Return the caller, looked up once a request. Raises Unauthenticated when the token is missing, unknown or revoked."""
    if (known := getattr(request.state, "principal", None)) is None:
        known = request.state.principal = await run_in_threadpool(_recognise, await _bearer(request), await services(request))
    found: Principal = known
    return found


async def principal(
    request: Request, _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Return the caller, as `authenticate` does; the dependency on `_bearer` describes the token in the API's description."""
    return await authenticate(request)


def _recognise(credentials: HTTPAuthorizationCredentials | None, services: Services) -> Principal:
    remedy = "Send 'Authorization: Bearer' and a token; 'catalog-mail token create' makes one."
    if credentials is None:
        raise Unauthenticated("The request carries no bearer token.", remedy)
    known = services.tokens.recognise(credentials.credentials)
    if known is None:
        raise Unauthenticated("The token is not known, or was revoked.", remedy)
    return known


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """Return a dependency: the caller, who has one of these roles or is a server admin. Raises NotPermitted."""

    async def permitted(who: Annotated[Principal, Depends(principal)]) -> Principal:
        if any(who.may(role) for role in roles):
            return who
        raise NotPermitted(
            f"The token {who.name!r} has the role {who.role}; this needs {' or '.join(roles)}.",
            "Use a token with that role, or with the role server_admin.",
        )

    return permitted
