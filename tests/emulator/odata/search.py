# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$search of Exchange: words alone, or in one property. That of the directory is in directory_search."""

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


@dataclass(frozen=True)
class Search:
    properties: tuple[str, ...]
    words: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        return any(self.words in str(document.get(name) or "").lower() for name in self.properties)


def parse(text: str) -> Search:
    """What is looked for; Refusal where it cannot be read."""
    match = _TERM.match(text) or _BARE.match(text)
    properties = _IN_MESSAGES.get((match["property"] or "").lower(), ()) if match else ()
    if not match or not properties:
        raise Refusal(400, "BadRequest", f"Syntax error: the search expression '{text}' cannot be read.")
    return Search(properties, match["words"].strip().lower())


def check_alone(asked: Mapping[str, str]) -> None:
    """Exchange takes no $filter and no $orderby beside it."""
    for name, code in (("$filter", "SearchWithFilter"), ("$orderby", "SearchWithOrderBy")):
        if name in asked:
            shown = "$orderBy" if name == "$orderby" else name
            raise Refusal(400, code, f"The query parameter '{shown}' is not supported with '$search'.")
