"""A reply as lines, each with how deep it is quoted: what plain text and HTML both become before anything is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

MOST_LINES = 50_000  # of a message that are looked at
_MOST_MARKS = 20     # that are shown before a quoted line


class Hint(IntEnum):
    """What the HTML of a mail client says about a line."""

    NONE = 0
    ATTRIBUTION = 1  # "On ... wrote:", in whatever language
    QUOTE = 2        # the first line of what the client quotes
    SIGNATURE = 3


class Line(NamedTuple):
    """One line. `text` is without quote marks, `source` as the author would see it, `cited` quoted by a client."""

    text: str
    depth: int = 0
    source: str = ""
    hint: Hint = Hint.NONE
    cited: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.text or self.text.isspace()


# Marks that nobody sees: zero-width space, soft hyphen, word joiner, byte order mark. Joiners stay: emoji and scripts need them.
_INVISIBLE = str.maketrans({"\u200b": None, "\u00ad": None, "\u2060": None, "\ufeff": None, "\u00a0": " "})
_BLANK_LINES = re.compile(r"\n{3,}")


def visible(text: str) -> str:
    """The text without the marks that nobody sees, and with plain spaces for no-break ones."""
    return text if text.isascii() else text.translate(_INVISIBLE)


def marked(text: str, depth: int) -> str:
    """A line with its quote marks before it."""
    return ">" * min(depth, _MOST_MARKS) + " " + text if depth else text


def joined(texts: Iterable[str]) -> str:
    """The lines as one trimmed text, without spaces at line ends; several blank lines become one."""
    text = "\n".join([line.rstrip() for line in texts])
    return _BLANK_LINES.sub("\n\n", text).strip()


def next_written(lines: list[Line], position: int, within: int = 4) -> int | None:
    """The index of the first line from `position` on that is not blank, or None where none of the next `within` is."""
    for index in range(position, min(position + within, len(lines))):
        if not lines[index].blank:
            return index
    return None
