# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that the service reports to a user or an administrator, each with a cause and a remedy."""

from __future__ import annotations


class CatalogMailError(Exception):
    """An error with a cause and a remedy: two sentences for an administrator, without a secret.

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
    """A value in the input is not valid; nothing was changed. `errors` has all errors when there are several."""

    code = "invalid-input"
    errors: tuple[InputRefused, ...] = ()

    def __init__(self, field: str, cause: str, remedy: str) -> None:
        super().__init__(cause, remedy, field=field)


class ManagedByProvider(CatalogMailError):
    """The provider of the cloud edition manages this setting."""

    code = "managed-by-provider"


class NotFound(CatalogMailError):
    """The requested object does not exist."""

    code = "not-found"


class Conflict(CatalogMailError):
    """The request contradicts an existing object, such as a name that is taken."""

    code = "conflict"


class PreconditionFailed(CatalogMailError):
    """The document has changed since the caller read it (RFC 9110, If-Match)."""

    code = "precondition-failed"


class Unauthenticated(CatalogMailError):
    """The request has no token, or an unknown one."""

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


class StorageFailed(Exception):
    """The database cannot be read or written at present; nothing was stored.

    Not a CatalogMailError, although it has a cause and a remedy: no use case may take this error for a refusal of the input.
    `code` begins with `storage-`. `retry_after` is the time in seconds after which another attempt makes sense.
    """

    def __init__(self, cause: str, remedy: str, *, code: str = "storage-failed", retry_after: int = 30) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.code = code
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}"
