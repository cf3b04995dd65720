# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route the requests to the login's host."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from emulator import ids
from emulator.answer import Answer, plain
from emulator.control.rules import Met
from emulator.entra import discovery, managed_identity, token
from emulator.entra.errors import LoginRefused, refusal
from emulator.world import World

log = logging.getLogger("emulator")
_CONFIGURATION = re.compile(r"/([^/]+)/v2\.0/\.well-known/openid-configuration\Z")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token\Z")


async def answer(
    world: World, origin: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, fault: Met | None
) -> Answer:
    """An answer to every path: 404 to those that the login does not have."""
    if fault and fault.kind in ("throttle", "fail"):
        retry = fault.values.get("retry_after")
        return plain(
            int(fault.values["status"]), {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient"
            " error has occurred. Please try again.", "error_codes": [90033]},
            {"Retry-After": str(retry)} if retry is not None else {},
        )  # fmt: skip
    if fault and fault.kind == "refuse_connection":
        return Answer(lost=True)
    if fault and fault.kind == "delay":
        await asyncio.sleep(fault.values["seconds"])
    try:
        found = _answer(world, origin, method, path, query, headers, body)
    except LoginRefused as refused:
        found = _refused(world, origin, query, headers, refused)
    except Exception:
        log.exception("%s %s", method, path)
        found = _refused(world, origin, query, headers, LoginRefused(
            500, "server_error", 50000, "There was an error issuing a token or an issue with our sign-in service."
        ))  # fmt: skip
    found.lost = fault is not None and fault.kind == "lose"
    found.headers.setdefault("x-ms-request-id", ids.new())
    return found


def _refused(world: World, origin: str, query: str, headers: Mapping[str, str], refused: LoginRefused) -> Answer:
    correlation = dict(parse_qsl(query)).get("client-request-id") or headers.get("client-request-id", "")
    return refusal(refused, world.clock.now(), origin, correlation)


def _answer(
    world: World, origin: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    if match := _CONFIGURATION.match(path):
        return discovery.configuration(world, origin, match[1])
    if match := _TOKEN.match(path):
        if method != "POST":
            raise LoginRefused(
                400, "invalid_request", 900561, f"The endpoint only accepts POST requests. Received a {method} request."
            )
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return token.issue(world, origin, match[1], form)
    if path.startswith("/metadata/identity/oauth2/token"):
        return managed_identity.answer(world, origin, query, headers)
    return Answer(404, b"", {"Content-Type": "text/html; charset=utf-8"})
