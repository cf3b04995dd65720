# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clean text of any origin for a header line or a message's body."""

from __future__ import annotations

import re

# Control characters, lone surrogates, the two separators that some programs read as line ends, and the marks that change
# the direction of the text after them: with such a mark a name could show the following words in another order.
_DIRECTION = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_DIRECTION}]")
_NOT_IN_A_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# The same of a text in ASCII, where a table takes a tenth of the time.
_SPACES_IN_ASCII = {code: " " for code in range(0x80) if _NOT_IN_A_TEXT.match(chr(code))}
# A line without control characters, for the API's description; the same as `has_control_characters` finds.
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_LINE = re.compile(LINE_PATTERN.removeprefix("^").removesuffix("$"))
_SURROGATES = re.compile("[\ud800-\udfff]")


def one_line(text: str, limit: int = 200) -> str:
    """Return the text as one line of at most `limit` characters, for a name or a title.

    Each character that a line must not contain becomes a space, several spaces become one, and a cut text ends with an ellipsis.
    """
    if not (text.isascii() and text.isprintable()):
        text = _NOT_IN_A_LINE.sub(" ", text)
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"


def body(text: str) -> str:
    """Return the text with LF line ends, for the body of a message; tabs stay, other control characters become a space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return text.translate(_SPACES_IN_ASCII)
    return _SURROGATES.sub("\ufffd", _NOT_IN_A_TEXT.sub(" ", text))


def is_storable(text: str) -> bool:
    """Return whether every database can store the text: PostgreSQL rejects NUL, and a lone surrogate has no UTF-8."""
    return "\x00" not in text and not _SURROGATES.search(text)


def has_control_characters(text: str) -> bool:
    """Return whether the text has a character that could end a header line, or that no line shows."""
    return not _LINE.fullmatch(text) or not is_storable(text)
