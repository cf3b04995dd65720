# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of entra_app_credential, and the job for the kind of credential that they name."""

from __future__ import annotations

from typing import Any, Mapping

from .._core.errors import InputRefused
from .._core.module import Spec
from .client_certificate import ClientCertificate
from .client_secret import ClientSecret
from .common import MICROSOFT, WHICH
from .credential_job import CredentialJob

SPEC = MICROSOFT + WHICH + Spec(
    {
        "kind": {"type": "str", "choices": ["secret", "certificate"], "default": "secret"},
        "name": {"type": "str", "default": "catalog.mail"},
        # A certificate is public, but the user may pass a text that contains the key as well.
        "certificate": {"type": "str", "no_log": True},
        "rotate_before_days": {"type": "int", "default": 30},
        "renew": {"type": "bool", "default": False},
        "valid_days": {"type": "int", "default": 180},
        # Key ids are not secret.
        "current_key_id": {"type": "str", "no_log": False},
        "keep_key_id": {"type": "str", "no_log": False},
        "remove_key_id": {"type": "str", "no_log": False},
        "grace_seconds": {"type": "int", "default": 3600},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    mutually_exclusive=(("remove_key_id", "keep_key_id"),),
)

_MAX_DAYS = 3650


def credential_job(module) -> CredentialJob:
    """Return the job for a task. Raises InputRefused when its options cannot work."""
    _check(module.params)
    return ClientCertificate(module) if module.params["kind"] == "certificate" else ClientSecret(module)


def _check(params: Mapping[str, Any]) -> None:
    """Raise InputRefused for options that cannot work."""
    ranges = {"valid_days": (1, _MAX_DAYS), "rotate_before_days": (0, _MAX_DAYS), "grace_seconds": (0, _MAX_DAYS * 86400)}
    for name, (least, most) in ranges.items():
        if not least <= params[name] <= most:
            raise InputRefused(name, f"{params[name]} is not from {least} to {most}", "Write a number that is")
    states = {"remove_key_id": "absent", "keep_key_id": "absent", "current_key_id": "present", "certificate": "present"}
    for name, state in states.items():
        if params[name] is not None and params["state"] != state:
            raise InputRefused(name, f"it has no effect with state: {params['state']}", f"Leave it out, or set state: {state}")
    for name in ("remove_key_id", "keep_key_id", "certificate"):
        if params[name] is not None and not params[name].strip():
            raise InputRefused(name, "it is empty", "Write it, or leave the option out")
    if params["state"] == "present" and params["valid_days"] <= params["rotate_before_days"] and not params["certificate"]:
        raise InputRefused(
            "rotate_before_days", f"with {params['rotate_before_days']} days a credential that is valid for "
            f"{params['valid_days']} would be replaced in every run", "Make it less than valid_days")
    if not params["name"].strip() or len(params["name"]) > 120:
        raise InputRefused("name", "by it the module finds its own credentials", "Write 1 to 120 characters")
    if params["certificate"] and params["kind"] != "certificate":
        raise InputRefused("certificate", "it has no effect with kind: secret", "Set kind: certificate, or leave it out")
