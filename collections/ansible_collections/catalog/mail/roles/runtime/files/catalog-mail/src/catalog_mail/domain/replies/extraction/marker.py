# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the marker: the line above which people write their reply."""

from __future__ import annotations

import re
from typing import NamedTuple

from catalog_mail.domain.replies.extraction.languages import TRANSLATED_MARKER
from catalog_mail.domain.replies.extraction.lines import Line
from catalog_mail.domain.replies.reply import MARKER

# The marker's words in their order, separated by any characters but letters and digits: line breaks, quote marks, spaces.
_WORDS = re.compile(r"\W++".join(MARKER.split()), re.IGNORECASE)
_WORD = re.compile(r"\w")
_NEAR = 200  # characters of the line before and after the marker that are examined


class Place(NamedTuple):
    """The marker's first line, the line after its last, and the text before the marker in its line."""

    start: int
    end: int
    before: str = ""


def find_marker(lines: list[Line]) -> Place | None:
    """Find the first marker that fills its lines or is quoted; the same words within an author's sentence do not count."""
    text = "\n".join([line.text for line in lines])
    line, counted = 0, 0
    for match in _WORDS.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        before = text[max(0, match.start() - _NEAR):match.start()].rpartition("\n")[2]
        after = text[match.end():match.end() + _NEAR].partition("\n")[0]
        end = line + match.group().count("\n") + 1
        if not _WORD.search(before) and (lines[line].depth or not _WORD.search(after)):
            return Place(line, end)
        if lines[line].depth or lines[line].cited:
            return Place(line, end, before)
    return _translated(text)


def _translated(text: str) -> Place | None:
    match = TRANSLATED_MARKER.search(text)
    if not match:
        return None
    line = text.count("\n", 0, match.start())
    return Place(line, line + match.group().count("\n") + 1)
