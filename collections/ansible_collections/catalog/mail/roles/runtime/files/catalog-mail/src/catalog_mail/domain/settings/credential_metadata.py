# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata of an app registration's credentials: given with a client secret, or read from a certificate."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings import certificate
from catalog_mail.domain.settings.changes import secret_updates
from catalog_mail.domain.settings.fields import format_timestamp
from catalog_mail.domain.settings.reading import CREDENTIAL_METADATA, REGISTRATIONS, Candidate, Secrets, value_at


def completed(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> Candidate:
    """Return the candidate with the metadata of each client secret, kept and removed together with the secret.

    `secrets` and `before` are the stored values. Raises InputRefused when metadata is given without a client secret.
    """
    changed = secret_updates(candidate, secrets)
    document = copy.deepcopy(dict(candidate.document))
    for section in REGISTRATIONS:
        path, part = f"{section}.client_secret", value_at(document, section)
        stays = path in secrets and path not in changed
        if not stays and changed.get(path) is None:
            _check_no_metadata(part, section, removed=path in changed)
        for name in CREDENTIAL_METADATA:
            if f"{section}.{name}" in candidate.omitted_metadata and stays:
                part[name] = value_at(before, f"{section}.{name}")
            elif path in changed and changed[path] is None:
                part[name] = None
    return replace(candidate, document=document)


def derived(secrets: Secrets, section: str) -> dict[str, str | None]:
    """Read the metadata of a registration's certificate; values are None when there is no valid certificate."""
    found = certificate.facts(secrets.get(f"{section}.certificate"))
    return {
        "certificate_thumbprint": found.thumbprint if found else None,
        "certificate_expires_at": format_timestamp(found.expires_at) if found else None,
    }


def _check_no_metadata(part: Mapping[str, Any], section: str, *, removed: bool) -> None:
    """Raise InputRefused for metadata without a secret; a removed secret's metadata may be sent back as it was read."""
    for name in CREDENTIAL_METADATA:
        if part[name] is not None and not removed:
            raise InputRefused(
                f"{section}.{name}", "There is no client secret that it belongs to.",
                "Give it with the client secret, or leave it out.",
            )  # fmt: skip
