"""What is known of the credentials of an app registration: told with a client secret, or found in a certificate."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings import certificate
from catalog_mail.domain.settings.changes import secret_updates
from catalog_mail.domain.settings.fields import told
from catalog_mail.domain.settings.reading import CREDENTIAL_METADATA, REGISTRATIONS, Candidate, Secrets, value_at


def completed(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> Candidate:
    """The candidate with what belongs to each client secret: it stays with the secret, and goes with it.

    `secrets` and `before` are what is stored. Raises InputRefused for what belongs to no secret.
    """
    changed = secret_updates(candidate, secrets)
    document = copy.deepcopy(dict(candidate.document))
    for section in REGISTRATIONS:
        path, part = f"{section}.client_secret", value_at(document, section)
        stays = path in secrets and path not in changed
        if not stays and changed.get(path) is None:
            _check_nothing_said(part, section, removed=path in changed)
        for name in CREDENTIAL_METADATA:
            if f"{section}.{name}" in candidate.omitted_metadata and stays:
                part[name] = value_at(before, f"{section}.{name}")
            elif path in changed and changed[path] is None:
                part[name] = None
    return replace(candidate, document=document)


def derived(secrets: Secrets, section: str) -> dict[str, str | None]:
    """What the certificate of a registration tells of itself; nothing where there is none that can be read."""
    found = certificate.facts(secrets.get(f"{section}.certificate"))
    return {
        "certificate_thumbprint": found.thumbprint if found else None,
        "certificate_expires_at": told(found.expires_at) if found else None,
    }


def _check_nothing_said(part: Mapping[str, Any], section: str, *, removed: bool) -> None:
    """What is removed may still be told as it was read."""
    for name in CREDENTIAL_METADATA:
        if part[name] is not None and not removed:
            raise InputRefused(
                f"{section}.{name}", "There is no client secret that it belongs to.",
                "Give it with the client secret, or leave it out.",
            )  # fmt: skip
