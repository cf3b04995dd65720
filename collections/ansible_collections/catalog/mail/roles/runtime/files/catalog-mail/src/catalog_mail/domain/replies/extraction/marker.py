"""Where the marker stands: the line above which people answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from catalog_mail.domain.replies.extraction.languages import TRANSLATED_MARKER
from catalog_mail.domain.replies.extraction.lines import Line
from catalog_mail.domain.replies.reply import MARKER

# Its words in their order; line breaks, quote marks, tags that became spaces: anything but words may stand between them.
_WORDS = re.compile(r"\W++".join(MARKER.split()), re.IGNORECASE)
_WORD = re.compile(r"\w")
_NEAR = 200  # characters of its own line that are looked at


class Place(NamedTuple):
    """The marker's first line and the one after its last; what stands before it in its own line, if anything."""

    start: int
    end: int
    before: str = ""


def find_marker(lines: list[Line]) -> Place | None:
    """The first marker that has its lines to itself, or stands in something quoted. One in a person's sentence is none."""
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
