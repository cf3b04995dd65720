# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the users that a text mentions: `@name`. Takes time linear in the text's length, for any text."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator

LONGEST_NAME = 100
# A user's name, without the @. It ends in a letter or digit, so that a full stop after it is not part of it.
NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$"

# Not after a letter, digit or a sign that makes it part of an address or a link; not before another @.
_MENTION = re.compile(r"(?<![\w.%+\-/@])@([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![\w@])")
_BACKTICKS = re.compile("`+")


def mentioned_names(text: str) -> list[str]:
    """Return the names that a text mentions, in lower case, each once, in their order.

    E-mail addresses, and names in a code span or block (backticks as in Markdown), are not mentions.
    """
    names: dict[str, None] = {}
    for part in _outside_code(text):
        for name in _MENTION.findall(part):
            if len(name) <= LONGEST_NAME:
                names[name.lower()] = None
    return list(names)


def _outside_code(text: str) -> Iterator[str]:
    """Yield the parts between code spans. A span ends at the next run of as many backticks as began it (CommonMark, 6.1)."""
    runs = [match.span() for match in _BACKTICKS.finditer(text)]
    of_length: defaultdict[int, deque[tuple[int, int]]] = defaultdict(deque)
    for start, end in runs:
        of_length[end - start].append((start, end))
    position = 0
    for start, end in runs:
        of_length[end - start].popleft()  # itself: a run is closed only by a later one
        if start < position:
            continue
        later = of_length[end - start]
        if later:
            yield text[position:start]
            position = later[0][1]
    yield text[position:]
