# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first header of each name: servers on the way add theirs on top. The headers of each part are read once."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from itertools import islice

from catalog_mail.domain.mime.structured import bounded

MOST_HEADERS = 1000
LONGEST_VALUE = 2000


class FirstHeaders:
    """The headers of the parts of one message (compat32 policy)."""

    def __init__(self) -> None:
        self._known: dict[int, Mapping[str, str]] = {}

    def of(self, part: Message) -> Mapping[str, str]:
        """Return the start of the first header of each lower-case name on one line, among the first 1,000 headers."""
        known = self._known.get(id(part))
        if known is None:
            known = self._known[id(part)] = _first(part)
        return known


def _first(part: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in islice(part.raw_items(), MOST_HEADERS):
        lower = name.lower()
        if lower not in found:
            found[lower] = bounded(value, LONGEST_VALUE)
    return found
