# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a reply with their depth of quoting: the common form of plain text and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

MOST_LINES = 50_000  # of a message that are read
_MOST_MARKS = 20     # quote marks shown before a line


class Hint(IntEnum):
    """The meaning of a line according to the HTML of a mail client."""

    NONE = 0
    ATTRIBUTION = 1  # "On ... wrote:", in any language
    QUOTE = 2        # the first line of the client's quote
    SIGNATURE = 3
    DIVIDER = 4      # the first line below the rule that Outlook draws above the headers of its quote
    BOX = 5          # in a table or coloured box above all other text, where gateways write their warnings


class Line(NamedTuple):
    """One line. `text` has no quote marks, `source` is the line as its author saw it, `cited`: a client quoted it."""

    text: str
    depth: int = 0
    source: str = ""
    hint: Hint = Hint.NONE
    cited: bool = False

    @property
    def blank(self) -> bool:
        """Whether the line has no text."""
        return not self.text or self.text.isspace()


# Invisible characters: zero-width space, soft hyphen, word joiner, byte order mark. Joiners stay: emoji and scripts need them.
_INVISIBLE = str.maketrans({"\u200b": None, "\u00ad": None, "\u2060": None, "\ufeff": None, "\u00a0": " "})
_BLANK_LINES = re.compile(r"\n{3,}")


def visible(text: str) -> str:
    """Return the text without invisible characters, and with plain spaces for no-break ones."""
    return text if text.isascii() else text.translate(_INVISIBLE)


def marked(text: str, depth: int) -> str:
    """Return a line with its quote marks."""
    return ">" * min(depth, _MOST_MARKS) + " " + text if depth else text


def joined(texts: Iterable[str]) -> str:
    """Join lines to one trimmed text, without spaces at line ends; several blank lines become one."""
    text = "\n".join([line.rstrip() for line in texts])
    return _BLANK_LINES.sub("\n\n", text).strip()


def next_written(lines: list[Line], position: int, within: int = 4) -> int | None:
    """Return the index of the first line with text among the `within` lines from `position` on; None when all are blank."""
    for index in range(position, min(position + within, len(lines))):
        if not lines[index].blank:
            return index
    return None
