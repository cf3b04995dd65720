# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the lines with which a mail client introduces a quoted mail: attribution lines, header blocks, "Original Message".

Each line is examined a fixed number of times.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from catalog_mail.domain.replies.extraction.languages import LABELS, ORIGINAL, WROTE
from catalog_mail.domain.replies.extraction.lines import Hint, Line, next_written

_LONGEST_ATTRIBUTION = 400  # characters, over at most so many lines:
_MOST_LINES = 4
_MOST_HEADERS = 24          # lines of a header block, wrapped ones included
_ADDRESS = re.compile(r"[\w.+=-]{1,80}@[\w-]|mailto:")
_IN_BRACKETS = re.compile(r"[<(\[:][\w.+=-]{1,80}@[\w-]|mailto:")
_WHEN = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\b(?:19|20)\d\d\b|(?:19|20)\d\d年|\b\d{1,2}[./-]\d{1,2}[./-]\d\d")
_HINT = re.compile(r"@|\d\d|mailto")
_TIME = re.compile(r"\d{1,2}[:.h\u6642\u65f6]\d{1,2}")
# Notes: "Corp Catalog ---20.11.2026 10:15:00---" and the mail's first words.
_NOTES = re.compile(r".{1,80}?---\s?\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b.{0,40}---")
_RULE = re.compile(r"[\s_\-=*\u2014\u2500]{5,}$")
_COLONS = (":", "\uff1a")
_AFTER_LABEL = (*_COLONS, "|")
_END = " \t*_-\u2013\u2014>\u200e\u200f"
_MENTION = re.compile(r".{1,300} mentioned you in .{1,300}:\s*$")
FOOTER = "stop e-mails of this kind"


class StopAt(Enum):
    """The kind of line at which a search for boundaries stops."""

    MARKER = "marker"  # the marker: the notification's own text begins there
    END = "end"        # the end of the text: no marker was found


class Span(NamedTuple):
    """Lines from `start` to before `end` that the client wrote."""

    start: int
    end: int


def boundaries(lines: list[Line], stop: int, stop_at: StopAt) -> list[Span]:
    """Return the spans that clients wrote into the lines before `stop`, in order; `stop_at` is the kind of the line `stop`.

    Without a marker the first line of the notification's own text counts as written by a client, if its footer follows.
    """
    spans: list[Span] = []
    last_footer = -1 if stop_at is StopAt.MARKER else _last_footer(lines)
    index = 0
    while index < stop:
        if not lines[index].text:
            index += 1
            continue
        lowest = spans[-1].end if spans else 0
        if lines[index].hint is Hint.QUOTE:
            spans.append(Span(_above(lines, index, lowest), index))
            lowest = index
        span, after = _headers_at(lines, index, stop)
        if span is None and after == index + 1:
            span = _words_at(lines, index, stop, stop_at)
            if span is None and index < last_footer and _MENTION.match(lines[index].text[:700]):
                span = Span(index, index + 1)
        if span:
            spans.append(Span(_above(lines, max(lowest, span.start), lowest), span.end))
        index = after
    return spans


def _last_footer(lines: list[Line]) -> int:
    """Return the index of the last line of the notification's footer; -1 if there is none."""
    return max((index for index, line in enumerate(lines) if FOOTER in line.text.lower()), default=-1)


def _headers_at(lines: list[Line], index: int, stop: int) -> tuple[Span | None, int]:
    """Return the span of quoted headers, or of an attribution marked in HTML, at a line; and the next line to search."""
    line = lines[index]
    if line.hint is Hint.ATTRIBUTION:
        end = index + 1
        while end < stop and (lines[end].hint is Hint.ATTRIBUTION or lines[end].blank):
            end += 1
        return Span(index, end), end
    end = index + 1
    if _kind(line.text):
        end, is_block = _header_block(lines, index, stop)
        if is_block:
            return Span(index, _with_wrapped(lines, end, stop)), end
    if line.hint is Hint.QUOTE:
        below = _unknown_headers(lines, index, stop)
        if below > index:
            return Span(index, below), below
    return None, end


def _words_at(lines: list[Line], index: int, stop: int, stop_at: StopAt) -> Span | None:
    """Return the span of "Original Message" or an attribution that ends at a line, None when there is none."""
    text = lines[index].text
    if (len(text) < 120 and ORIGINAL.match(text)) or ("---" in text[:200] and _NOTES.match(text)):
        return Span(index, index + 1)
    size = _attribution(lines, index, stop, stop_at)
    if size:
        return Span(index - size + 1, index + 1)
    return None


def _above(lines: list[Line], start: int, lowest: int) -> int:
    """Return the start moved up over the blank lines, rules and "Original Message" above it."""
    index = start
    while index > lowest and start - index < 8:
        text = lines[index - 1].text.strip()
        if text and not _RULE.match(text[:200]) and not (len(text) < 120 and ORIGINAL.match(text)):
            break
        index -= 1
    return index


def _kind(text: str) -> str | None:
    """Return the kind of a header line, a value of LABELS; None for another line."""
    head = text[:44].lstrip("| ")
    position = min((found for found in map(head.find, _AFTER_LABEL) if found > 0), default=0)
    return LABELS.get(head[:position].strip(" \t*_>\u200e\u200f").casefold()) if position else None


def _header_block(lines: list[Line], start: int, stop: int) -> tuple[int, bool]:
    """Return the line after the headers that begin at `start`, and whether they are the header block of a quoted mail."""
    kinds: set[str] = set()
    last = start
    evidence = False
    for index in range(start, min(stop, start + _MOST_HEADERS)):
        text = lines[index].text
        kind = _kind(text)
        if kind and kind in kinds and kind not in ("cc", "other"):
            break  # the next block begins
        if kind:
            kinds.add(kind)
            last = index
        elif index - last > 2:
            break
        if not evidence and kind in ("from", "date"):
            evidence = bool(_ADDRESS.search(text[:500]) or _TIME.search(text[:500]))
    one_line = len(kinds) == 1 and _flattened(lines[start].text[:1000])
    return last + 1, (evidence and "from" in kinds and len(kinds) >= 3) or one_line


def _flattened(text: str) -> bool:
    """Return whether a line has a whole header block."""
    words = [piece.split()[-1].strip("*").casefold() for piece in text.split(":") if piece.split()]
    return {"from", "date", "subject"} <= {LABELS.get(word, "") for word in words} and bool(_ADDRESS.search(text))


def _with_wrapped(lines: list[Line], end: int, stop: int) -> int:
    """Return the end of a header block, including the second line of a last header that was wrapped."""
    long = len(lines[end - 1].text) >= 60
    return end + 1 if long and end < stop and not lines[end].blank and lines[end].depth == lines[end - 1].depth else end


def _unknown_headers(lines: list[Line], start: int, stop: int) -> int:
    """Return the end of headers in any language, at a line where the client's HTML marks the begin of its quote."""
    index = start
    seen = 0
    while index < min(stop, start + _MOST_HEADERS):
        text = lines[index].text
        short = text[:30]
        if not lines[index].blank:
            if not any(colon in short for colon in _COLONS) or _WHEN.match(short):
                break
            seen += 1
        elif seen >= 3:
            break
        index += 1
    return index if seen >= 3 else start


def _attribution(lines: list[Line], index: int, stop: int, stop_at: StopAt) -> int:
    """Return the number of lines, up to this one, of an attribution; 0 if there is none."""
    text = lines[index].text[-_LONGEST_ATTRIBUTION:].rstrip(_END)
    if not text.endswith(_COLONS) and not _ends_with_verb(text):
        return 0
    if not _HINT.search("".join([line.text[:_LONGEST_ATTRIBUTION] for line in lines[max(0, index - _MOST_LINES + 1):index + 1]])):
        return 0
    best, size = 0, 0
    whole = ""
    for count in range(1, min(_MOST_LINES, index + 1) + 1):
        line = lines[index - count + 1]
        if line.blank or line.depth != lines[index].depth or len(whole) + len(line.text) > _LONGEST_ATTRIBUTION:
            break
        whole = f"{line.text} {whole}"
        when = bool(_WHEN.search(whole))
        score = bool((_ADDRESS if when else _IN_BRACKETS).search(whole)) + when + bool(WROTE.search(whole))
        if score > best:
            best, size = score, count
        if best == 3:
            return size
    return size if best == 2 and _before_quote(lines, index, stop, stop_at) else 0


def _ends_with_verb(text: str) -> bool:
    tail = text[-16:]
    return any(match.end() == len(tail) for match in WROTE.finditer(tail))


def _before_quote(lines: list[Line], index: int, stop: int, stop_at: StopAt) -> bool:
    """Return whether the next line with text is quoted deeper, or is the marker."""
    following = next_written(lines, index + 1)
    if following is None:
        return False
    return (stop_at is StopAt.MARKER and following >= stop) or lines[following].depth > lines[index].depth
