# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which function answers which method and path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.answer import Answer, Refusal
from emulator.odata.path import Key, Segment

if TYPE_CHECKING:
    from emulator.call import Call

Handler = Callable[["Call"], "Answer | Awaitable[Answer]"]
BOTH = ("v1.0", "beta")


@dataclass(frozen=True)
class Route:
    method: str
    pattern: tuple[str, ...]
    handler: Handler
    versions: tuple[str, ...]

    def fits(self, segments: tuple[Segment, ...]) -> dict[str, Key] | None:
        """The keys in the path, or None where it is another path."""
        if len(segments) != len(self.pattern):
            return None
        keys = {}
        for part, segment in zip(self.pattern, segments, strict=True):
            if part.startswith("{") and (isinstance(segment, Key) or not segment.startswith("$")):
                keys[part.strip("{}")] = segment if isinstance(segment, Key) else Key(segment)
            elif isinstance(segment, Key) or segment.lower() != part.lower():
                return None
        return keys

    def begins(self, segments: tuple[Segment, ...]) -> int:
        """Return the number of segments of the path that match this route."""
        count = 0
        for part, segment in zip(self.pattern, segments, strict=False):
            if not part.startswith("{") and (isinstance(segment, Key) or segment.lower() != part.lower()):
                break
            count += 1
        return count


class Routes:
    """All routes; a fixed segment is preferred to a key."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def add(self, method: str, path: str, *, versions: tuple[str, ...] = BOTH) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._routes.append(Route(method, tuple(path.split("/")), handler, versions))
            self._routes.sort(key=lambda route: [part.startswith("{") for part in route.pattern])
            return handler

        return register

    def find(self, method: str, version: str, segments: tuple[Segment, ...]) -> tuple[Route, dict[str, Key]]:
        """The route; a Refusal with Graph's words where a segment is unknown (400) or the method is not taken (405)."""
        of_version = [route for route in self._routes if version in route.versions]
        fitting = [(route, keys) for route in of_version if (keys := route.fits(segments)) is not None]
        for route, keys in fitting:
            if route.method == method:
                return route, keys
        if fitting:
            raise Refusal(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.",
                headers={"Allow": ", ".join(sorted({route.method for route, _ in fitting}))},
            )
        known = max((route.begins(segments) for route in of_version), default=0)
        segment = segments[min(known, len(segments) - 1)]
        raise Refusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


routes = Routes()
