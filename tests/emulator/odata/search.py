"""$search: words in some properties. The directory wants `"property:words"` and a header, Exchange words alone or with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.answer import Refusal

_TERM = re.compile(r'\s*"(?:(?P<property>\w+):)?(?P<words>[^"]*)"\s*\Z')
_BARE = re.compile(r"\s*(?:(?P<property>\w+):)?(?P<words>[^\":]+)\s*\Z")
# What Exchange looks into where no property is named, and by which name.
_IN_MESSAGES = {
    "subject": ("subject",), "from": ("from",), "to": ("toRecipients",), "body": ("text",), "cc": ("ccRecipients",),
    "": ("subject", "from", "text"),
}  # fmt: skip
_IN_DIRECTORY = ("displayName", "description")


@dataclass(frozen=True)
class Search:
    properties: tuple[str, ...]
    words: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        return any(self.words in str(document.get(name) or "").lower() for name in self.properties)


def parse(text: str, *, directory: bool) -> Search:
    """What is looked for; Refusal where it cannot be read."""
    match = _TERM.match(text) or (None if directory else _BARE.match(text))
    name = (match["property"] or "") if match else ""
    properties = ((name,) if name in _IN_DIRECTORY else ()) if directory else _IN_MESSAGES.get(name.lower(), ())
    if not match or not properties:
        raise Refusal(400, "BadRequest", f"Syntax error: the search expression '{text}' cannot be read.")
    return Search(properties, match["words"].strip().lower())


def check_alone(asked: Mapping[str, str]) -> None:
    """Exchange takes no $filter and no $orderby beside it."""
    for name, code in (("$filter", "SearchWithFilter"), ("$orderby", "SearchWithOrderBy")):
        if name in asked:
            shown = "$orderBy" if name == "$orderby" else name
            raise Refusal(400, code, f"The query parameter '{shown}' is not supported with '$search'.")
