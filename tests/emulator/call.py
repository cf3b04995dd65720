# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to Graph, as those who answer it see it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal
from emulator.odata.path import Key, Segment
from emulator.replication import View

if TYPE_CHECKING:
    from emulator.world import World

# How a batch has each of its requests answered: method, path, query, headers, body.
AnswerPart = Callable[[str, str, str, Mapping[str, str], bytes], "Awaitable[Answer]"]

_PREFERENCE = re.compile(r'\s*([A-Za-z.\-]+)\s*(?:=\s*(?:"([^"]*)"|([^,;\s]+)))?')


@dataclass(frozen=True)
class Caller:
    """Who calls, by the token: the roles are those of the moment of its issue."""

    tenant: str
    app_id: str
    object_id: str
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """One of these roles."""
        return not self.roles.isdisjoint(roles)


@dataclass
class Call:
    world: World
    method: str
    version: str
    raw_path: str
    segments: tuple[Segment, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    caller: Caller
    view: View
    request_id: str
    keys: dict[str, Key] = field(default_factory=dict)
    answer_part: AnswerPart | None = None

    @property
    def root(self) -> str:
        """The address of the version's root, with which links and contexts begin."""
        return f"{self.origin}/{self.version}"

    @property
    def tenant(self) -> str:
        return self.caller.tenant

    def context(self, of: str) -> str:
        return f"{self.root}/$metadata#{of}"

    def key(self, name: str) -> str:
        return self.keys[name].value

    def json(self) -> dict[str, Any]:
        """The body as an object, without its OData annotations."""
        document = self.raw_json()
        return {name: value for name, value in document.items() if not name.startswith("@")}

    def raw_json(self) -> dict[str, Any]:
        kind = self.headers.get("content-type", "")
        if self.body and "json" not in kind.lower():
            raise Refusal(
                415, "RequestBroker--UnsupportedMediaType", f"The media type '{kind}' is not supported."
            ) if kind else _unreadable()
        try:
            document = json.loads(self.body)
            json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except ValueError:
            raise _unreadable() from None
        if not isinstance(document, dict):
            raise _unreadable()
        return document

    @property
    def preferences(self) -> dict[str, str]:
        """Return the preferences in the Prefer headers: names in lower case, values without quotes."""
        found = {}
        for part in _split(self.headers.get("prefer", "")):
            match = _PREFERENCE.match(part)
            if match:
                found[match[1].lower()] = match[2] if match[2] is not None else match[3] or ""
        return found


def _split(header: str) -> list[str]:
    return [part for part in re.split(r'[,;](?=(?:[^"]*"[^"]*")*[^"]*\Z)', header) if part.strip()]


def _unreadable() -> Refusal:
    return Refusal(
        400,
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
    )
