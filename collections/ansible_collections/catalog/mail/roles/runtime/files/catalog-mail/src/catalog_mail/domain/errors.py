# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure that is told to somebody: what is wrong, and what to do about it."""

from __future__ import annotations


class CatalogMailError(Exception):
    """A failure with a cause and a remedy, both sentences for an administrator, neither with a secret.

    `code` is a stable word for programs; it ends the `type` of the API's problem details.
    """

    code = "error"

    def __init__(self, cause: str, remedy: str, *, field: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.field = field

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.cause} {self.remedy}"


class InputRefused(CatalogMailError):
    """What was given cannot be used; nothing was changed. `errors` names all that is wrong, if that is more than one thing."""

    code = "invalid-input"
    errors: tuple[InputRefused, ...] = ()

    def __init__(self, field: str, cause: str, remedy: str) -> None:
        super().__init__(cause, remedy, field=field)


class ManagedByProvider(CatalogMailError):
    """The cloud edition's provider keeps this setting."""

    code = "managed-by-provider"


class NotFound(CatalogMailError):
    """What was asked for does not exist."""

    code = "not-found"


class Conflict(CatalogMailError):
    """What is asked for stands against what exists."""

    code = "conflict"


class PreconditionFailed(CatalogMailError):
    """The document was changed since the caller read it (RFC 9110, If-Match)."""

    code = "precondition-failed"


class Unauthenticated(CatalogMailError):
    """No token, or none that is known."""

    code = "unauthenticated"


class NotPermitted(CatalogMailError):
    """The token's role does not allow this."""

    code = "not-permitted"


class NotConfigured(CatalogMailError):
    """The e-mail settings are not complete enough to send."""

    code = "not-configured"


class Misconfigured(CatalogMailError):
    """The service's own configuration file, or something that it names, cannot be used."""

    code = "misconfigured"
