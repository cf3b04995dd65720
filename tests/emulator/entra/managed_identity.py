# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint of a machine's managed identity (IMDS), for one application that a test has named."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from emulator.answer import Answer, plain
from emulator.entra.token import managed
from emulator.world import World


def answer(world: World, origin: str, query: str, headers: Mapping[str, str]) -> Answer:
    """A token as the instance metadata service gives it: numbers are strings."""
    asked = dict(parse_qsl(query))
    if headers.get("metadata", "").lower() != "true":
        return _refused(400, "invalid_request", "Required metadata header not specified")
    if not asked.get("api-version") or not asked.get("resource"):
        return _refused(400, "invalid_request", "Required query variable 'resource' or 'api-version' is missing")
    identity = world.store.get("setting", "managed_identity")
    wanted = asked.get("client_id")
    if identity is None or (wanted and wanted.lower() != identity["app_id"]):
        return _refused(400, "invalid_request", "Identity not found")
    return managed(world, origin, identity, asked["resource"].rstrip("/"))


def _refused(status: int, error: str, text: str) -> Answer:
    return plain(status, {"error": error, "error_description": text})
