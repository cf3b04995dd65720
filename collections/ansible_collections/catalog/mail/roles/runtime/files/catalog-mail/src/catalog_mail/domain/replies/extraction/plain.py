"""Plain text to lines: quote marks, and paragraphs that were broken for transport (format=flowed, RFC 3676)."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.lines import MOST_LINES, Line, marked

_QUOTES = re.compile(r"(?: ?>)+")


def plain_lines(text: str) -> list[Line]:
    """The lines of a text that breaks them where its author, or the client, did."""
    lines = []
    quoted = False
    for source in text.split("\n", MOST_LINES)[:MOST_LINES]:
        line = _line(source, quoted)
        quoted = line.depth > 0
        lines.append(line)
    return lines


def _line(source: str, after_quoted: bool) -> Line:
    if source[:1] == ">" or source[:2] == " >":
        if source.startswith(">From ") and not after_quoted:
            return Line(source[1:], 0, source[1:])  # "From " at a line's begin, as mbox files escape it
        match = _QUOTES.match(source)
        if match:
            rest = source[match.end():]
            return Line(rest.removeprefix(" "), match.group().count(">"), source, cited=True)
    return Line(source, 0, source)


def flowed_lines(text: str, delete_space: bool) -> list[Line]:
    """The paragraphs of a flowed text: a line that ends with a space goes on in the next one of the same depth.

    `delete_space` (DelSp=yes): the space at the end belongs to the format, not to the text. "-- " never flows (4.3).
    """
    lines: list[Line] = []
    pieces: list[str] = []
    depth = 0
    for source in text.split("\n", MOST_LINES)[:MOST_LINES]:
        rest = source.lstrip(">")
        deep = len(source) - len(rest)
        rest = rest.removeprefix(" ")  # stuffed
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
    return lines


def _paragraph(pieces: list[str], depth: int) -> Line:
    text = "".join(pieces)
    pieces.clear()
    return Line(text, depth, marked(text, depth), cited=depth > 0)
