# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a request to change the settings: the document without its secrets, and an update for each secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.document import Document, SecretState
from catalog_mail.domain.settings.fields import InvalidValue


@dataclass(frozen=True)
class Kept:
    """A secret is kept."""


@dataclass(frozen=True)
class Removed:
    """A secret is removed."""


@dataclass(frozen=True, repr=False)
class Given:
    """A secret that came with the request."""

    value: str


SecretUpdate = Kept | Removed | Given

# The stored secrets by path: the text of each, or None where it can no longer be decrypted.
Secrets = Mapping[str, str | None]

# Errors reported for one request; a request with more is probably not a settings document.
MOST_ERRORS = 20

# Each secret by its path, with the fields of its destination: when one changes, the stored secret must not be sent there.
DESTINATIONS: Mapping[str, tuple[str, ...]] = {
    "notifications.smtp.password": ("host", "port", "tls", "username", "ca_file"),
    "notifications.microsoft.client_secret": ("tenant_id", "client_id", "cloud"),
    "notifications.microsoft.certificate": ("tenant_id", "client_id", "cloud"),
    "interactions.imap.password": ("host", "port", "tls", "username", "ca_file"),
    "interactions.microsoft.client_secret": ("tenant_id", "client_id", "cloud"),
    "interactions.microsoft.certificate": ("tenant_id", "client_id", "cloud"),
}

# ID and expiry date of a client secret: fields beside the secret, set and removed together with it.
CREDENTIAL_METADATA = ("client_secret_key_id", "client_secret_expires_at")
# Fields that are read from the certificate.
DERIVED = ("certificate_thumbprint", "certificate_expires_at")
REGISTRATIONS = ("notifications.microsoft", "interactions.microsoft")


@dataclass(frozen=True)
class Candidate:
    """Settings that a request asks for. `document` has no secrets and no read-only fields.

    `omitted_metadata` are the paths of those IDs and expiry dates of client secrets that were left out.
    """

    document: Mapping[str, Any]
    secrets: Mapping[str, SecretUpdate]
    omitted_metadata: frozenset[str] = frozenset()

    def value(self, path: str) -> Any:
        """Return the value at a dotted path of the document, None when there is none."""
        return value_at(self.document, path)

    def has_destination(self, path: str) -> bool:
        """Return whether the server or tenant of the secret at `path` is set; without it the secret is not used."""
        section = path.rpartition(".")[0]
        return bool(self.value(f"{section}.{DESTINATIONS[path][0]}"))


def read(given: Mapping[str, Any]) -> Candidate:
    """Check each field by itself. Raises InputRefused, whose `errors` has all errors, when a field is not valid."""
    try:
        document = Document.model_validate(given)
    except ValidationError as error:
        raise refusal(error) from None
    updates = {path: _secret_update(document, path) for path in DESTINATIONS}
    plain = document.model_dump(
        mode="json", by_alias=True, include={"notifications", "interactions"}, exclude=_excluded()
    )
    omitted_metadata = frozenset(
        f"{section}.{name}" for section in REGISTRATIONS for name in CREDENTIAL_METADATA
        if name not in _part(document, section).model_fields_set
    )  # fmt: skip
    return Candidate(plain, updates, omitted_metadata)


def untouched() -> Mapping[str, Any]:
    """Return the document before the first save: all defaults, with notifications off."""
    return read({"notifications": {"enabled": False}}).document


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, None when there is none."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def paths(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that is not a section, with its dotted path."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def refusal(error: ValidationError) -> InputRefused:
    """Return all errors of a validation as one InputRefused, with the text of the first."""
    errors: dict[str | None, InputRefused] = {}
    for found in error.errors(include_url=False, include_input=False):
        refused = _refused(found)
        errors.setdefault(refused.field, refused)  # a union yields an error for each branch; the first is enough
    return combined_refusal(list(errors.values())[:MOST_ERRORS])


def combined_refusal(errors: list[InputRefused]) -> InputRefused:
    """Return one InputRefused with the text of the first error; `errors` has all when there are several."""
    first = errors[0]
    combined = InputRefused(first.field or "", first.cause, first.remedy)
    combined.errors = tuple(errors) if len(errors) > 1 else ()
    return combined


# Cause and remedy by type of error; for other types the cause is pydantic's own sentence.
_REMEDIES = {
    "missing": ("It is missing.", "Give it."),
    "extra_forbidden": ("There is no setting of this name.", "Check its spelling; the API's description lists all."),
    "bool_type": ("It is neither true nor false.", "Give one of them."),
    "string_unicode": ("It is not valid Unicode.", "Give it as UTF-8."),
}


def _refused(found: Mapping[str, Any]) -> InputRefused:
    # The location also has the names of a union's branches, which are not part of the field's path.
    branches = {"SecretState", "SecretStr", "function-after[checked(), secret-str]", "function-after[checked(), str]"}
    place = [str(part) for part in found["loc"] if str(part) not in branches and not str(part).startswith("function-")]
    field = ".".join(place) or "settings"
    reason = (found.get("ctx") or {}).get("error")
    if isinstance(reason, InvalidValue):
        return InputRefused(field, reason.cause, reason.remedy)
    cause, remedy = _REMEDIES.get(found["type"], (f"{found['msg']}.", "Give a value that fits."))
    return InputRefused(field, cause, remedy)


def _secret_update(document: Document, path: str) -> SecretUpdate:
    section, _dot, name = path.rpartition(".")
    part = _part(document, section)
    value = getattr(part, name)
    if isinstance(value, SecretStr):
        return Given(value.get_secret_value())
    if name not in part.model_fields_set or isinstance(value, SecretState):
        return Kept()
    return Removed()


def _part(document: Document, section: str) -> Any:
    part: Any = document
    for name in section.split("."):
        part = getattr(part, name)
    return part


def _excluded() -> dict[str, Any]:
    """Return the paths of all secrets, and of fields derived from them, in the form of pydantic's `exclude`."""
    excluded: dict[str, Any] = {}
    for path in (*DESTINATIONS, *(f"{section}.{name}" for section in REGISTRATIONS for name in DERIVED)):
        *sections, name = path.split(".")
        part = excluded
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = True
    return excluded
