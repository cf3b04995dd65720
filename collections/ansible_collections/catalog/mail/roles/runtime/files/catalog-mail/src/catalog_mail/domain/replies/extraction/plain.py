# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split plain text into lines, with quote marks, and with paragraphs wrapped for transport (format=flowed, RFC 3676)."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.lines import MOST_LINES, Line, marked

_QUOTES = re.compile(r"(?: ?>)+")


def plain_lines(text: str) -> list[Line]:
    """Return the lines of a text with fixed line breaks."""
    lines = []
    quoted = False
    for source in text.split("\n", MOST_LINES)[:MOST_LINES]:
        line = _line(source, quoted) if ">" in source[:2] else Line(source, 0, source)
        quoted = line.depth > 0
        lines.append(line)
    return _with_cited(lines)


def _with_cited(lines: list[Line]) -> list[Line]:
    """Return the lines with all quotes as a client's if the text begins with one; else the author may have typed the marks.

    More than one mark at the begin is no quote of a single mail: `>>>` is the prompt of Python.
    """
    first = next((line for line in lines if not line.blank), None)
    if first is None or first.depth != 1:
        return lines
    return [line._replace(cited=True) if line.depth else line for line in lines]


def _line(source: str, after_quoted: bool) -> Line:
    if source[:2] == "> " and source[2:3] != ">":
        return Line(source[2:], 1, source)
    if source[:1] == ">" or source[:2] == " >":
        if source.startswith(">From ") and not after_quoted:
            return Line(source[1:], 0, source[1:])  # "From " at the start of a line, as mbox files escape it
        match = _QUOTES.match(source)
        if match:
            rest = source[match.end():]
            return Line(rest.removeprefix(" "), match.group().count(">"), source)
    return Line(source, 0, source)


def flowed_lines(text: str, delete_space: bool) -> list[Line]:
    """Return the paragraphs of a flowed text: a line that ends with a space continues in the next one of the same depth.

    With `delete_space` (DelSp=yes) the space at the end is not part of the text. "-- " never continues (4.3).
    """
    lines: list[Line] = []
    pieces: list[str] = []
    depth = 0
    for source in text.split("\n", MOST_LINES)[:MOST_LINES]:
        rest = source.lstrip(">")
        deep = len(source) - len(rest)
        rest = rest.removeprefix(" ")  # space-stuffing (4.4)
        if pieces and (deep != depth or rest == "-- "):
            lines.append(_paragraph(pieces, depth))
        depth = deep
        if rest.endswith(" ") and rest != "-- ":
            pieces.append(rest[:-1] if delete_space else rest)
            continue
        pieces.append(rest)
        lines.append(_paragraph(pieces, depth))
    if pieces:
        lines.append(_paragraph(pieces, depth))
    return _with_cited(lines)


def _paragraph(pieces: list[str], depth: int) -> Line:
    text = "".join(pieces)
    pieces.clear()
    return Line(text, depth, marked(text, depth))
