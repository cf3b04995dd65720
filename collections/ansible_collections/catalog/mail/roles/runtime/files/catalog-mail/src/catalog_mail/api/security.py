"""Bearer tokens (RFC 6750): who asks, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from catalog_mail.api.context import Services, services
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import NotPermitted, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="A token made by `catalog-mail token create`.")


def principal(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    services: Annotated[Services, Depends(services)],
) -> Principal:
    """Who asks. Raises Unauthenticated."""
    remedy = "Send 'Authorization: Bearer' and a token; 'catalog-mail token create' makes one."
    if credentials is None:
        raise Unauthenticated("The request carries no bearer token.", remedy)
    known = services.tokens.recognise(credentials.credentials)
    if known is None:
        raise Unauthenticated("The token is not known, or was revoked.", remedy)
    return known


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: the caller, who has one of these roles or is a server admin. Raises NotPermitted."""

    async def permitted(who: Annotated[Principal, Depends(principal)]) -> Principal:
        if any(who.may(role) for role in roles):
            return who
        raise NotPermitted(
            f"The token {who.name!r} has the role {who.role}; this needs {' or '.join(roles)}.",
            "Use a token with that role, or with the role server_admin.",
        )

    return permitted
