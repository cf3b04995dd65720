"""From what was given to a candidate: the document without its secrets, and what is to become of each secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.document import Document, SecretState
from catalog_mail.domain.settings.fields import Unfit


@dataclass(frozen=True)
class Kept:
    """A secret stays as it is."""


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

# So many faults are told of one request; whoever makes more has sent something else than settings.
MOST_ERRORS = 20

# Each secret by its path, with what it is sent to: if that changes, the stored secret is not good for it any more.
DESTINATIONS: Mapping[str, tuple[str, ...]] = {
    "notifications.smtp.password": ("host", "port", "tls", "username", "ca_file"),
    "notifications.microsoft.client_secret": ("tenant_id", "client_id", "cloud"),
    "notifications.microsoft.certificate": ("tenant_id", "client_id", "cloud"),
    "interactions.imap.password": ("host", "port", "tls", "username", "ca_file"),
    "interactions.microsoft.client_secret": ("tenant_id", "client_id", "cloud"),
    "interactions.microsoft.certificate": ("tenant_id", "client_id", "cloud"),
}

# ID and expiry date of a client secret: the document holds them beside the secret, and they come and go with it.
CREDENTIAL_METADATA = ("client_secret_key_id", "client_secret_expires_at")
# What the certificate itself tells.
DERIVED = ("certificate_thumbprint", "certificate_expires_at")
REGISTRATIONS = ("notifications.microsoft", "interactions.microsoft")


@dataclass(frozen=True)
class Candidate:
    """Settings as somebody wants them. `document` has no secret in it and no part that is read-only.

    `omitted_metadata` are the paths of the ID and the expiry date of a client secret that were left out.
    """

    document: Mapping[str, Any]
    secrets: Mapping[str, SecretUpdate]
    omitted_metadata: frozenset[str] = frozenset()

    def value(self, path: str) -> Any:
        """The value at a dotted path of the document."""
        return value_at(self.document, path)

    def has_destination(self, path: str) -> bool:
        """Whether the secret at `path` has a server or a tenant to go to; without one a kept secret has no use any more."""
        section = path.rpartition(".")[0]
        return bool(self.value(f"{section}.{DESTINATIONS[path][0]}"))


def read(given: Mapping[str, Any]) -> Candidate:
    """Check each field by itself. Raises InputRefused, whose `errors` name all that is wrong."""
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
    """The document before anything was saved: all defaults, and nothing is sent."""
    return read({"notifications": {"enabled": False}}).document


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is nothing."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def paths(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is no part of its own, by its dotted path."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def refusal(error: ValidationError) -> InputRefused:
    """All of a validation's findings as one refusal; the first is its own."""
    errors: dict[str | None, InputRefused] = {}
    for found in error.errors(include_url=False, include_input=False):
        refused = _refused(found)
        errors.setdefault(refused.field, refused)  # of a field that may be several things, the first says enough
    return several(list(errors.values())[:MOST_ERRORS])


def several(errors: list[InputRefused]) -> InputRefused:
    """One refusal that names all of these."""
    first = errors[0]
    combined = InputRefused(first.field or "", first.cause, first.remedy)
    combined.errors = tuple(errors) if len(errors) > 1 else ()
    return combined


# Kinds of findings, with a remedy each; the cause of others is pydantic's own sentence.
_REMEDIES = {
    "missing": ("It is missing.", "Give it."),
    "extra_forbidden": ("There is no setting of this name.", "Check its spelling; the API's description lists all."),
    "bool_type": ("It is neither true nor false.", "Give one of them."),
    "string_unicode": ("It is not valid Unicode.", "Give it as UTF-8."),
}


def _refused(found: Mapping[str, Any]) -> InputRefused:
    # The names of a union's branches stand in the place as well; a field's own path is what was written.
    branches = {"SecretState", "SecretStr", "function-after[checked(), secret-str]", "function-after[checked(), str]"}
    place = [str(part) for part in found["loc"] if str(part) not in branches and not str(part).startswith("function-")]
    field = ".".join(place) or "settings"
    reason = (found.get("ctx") or {}).get("error")
    if isinstance(reason, Unfit):
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
    """The paths of all secrets, and of what is derived from them, in the form that pydantic excludes by."""
    excluded: dict[str, Any] = {}
    for path in (*DESTINATIONS, *(f"{section}.{name}" for section in REGISTRATIONS for name in DERIVED)):
        *sections, name = path.split(".")
        part = excluded
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = True
    return excluded
