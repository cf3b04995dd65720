# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find attribution lines, "On ... wrote:", in many languages. Each line is examined a fixed number of times."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.languages import VERB_ENDINGS, WITHIN_ASCII_WORDS, WROTE, WROTE_IN_ASCII
from catalog_mail.domain.replies.extraction.lines import Line, next_written
from catalog_mail.domain.replies.extraction.parties import Parties

_LONGEST = 400  # characters, over at most so many lines:
_MOST_LINES = 4
_ADDRESS = re.compile(r"[\w.+=-]{1,80}+@[\w-]|mailto:")
_IN_BRACKETS = re.compile(r"[<(\[:][\w.+=-]{1,80}+@[\w-]|mailto:")
_WHEN = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\b(?:19|20)\d\d\b|(?:19|20)\d\d年|\b\d{1,2}[./-]\d{1,2}[./-]\d\d")
_HINT = re.compile(r"@|\d\d|mailto")
_COLONS = (":", "\uff1a")
_END = " \t*_-\u2013\u2014>\u200e\u200f"
_LETTER = re.compile(r"[^\W\d_]")
_WORD_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_OPENED = re.compile(r"[<(\[]")
_CLOSED = re.compile(r"[>)\]]")


def attribution(lines: list[Line], index: int, stop: int, parties: Parties, *, marker: bool) -> int:
    """Return the number of lines, up to this one, of an attribution; 0 if there is none. `marker`: the line `stop` is it."""
    text = lines[index].text[-_LONGEST:].rstrip(_END)
    if not text.endswith(_COLONS) and not _ends_with_verb(text):
        return 0
    if not _HINT.search("".join([line.text[:_LONGEST] for line in lines[max(0, index - _MOST_LINES + 1):index + 1]])):
        return 0
    best, size = 0, 0
    whole = ""
    for count in range(1, min(_MOST_LINES, index + 1) + 1):
        line = lines[index - count + 1]
        if line.blank or line.depth != lines[index].depth or len(whole) + len(line.text) > _LONGEST:
            break
        whole = f"{line.text} {whole}"
        when = bool(_WHEN.search(whole))
        score = bool((_ADDRESS if when else _IN_BRACKETS).search(whole)) + when + _has_verb(whole)
        if score > best:
            best, size = score, count
        if best == 3:
            return _with_name(lines, index, size, parties)
    return _with_name(lines, index, size, parties) if best == 2 and _before_quote(lines, index, stop, marker) else 0


def _with_name(lines: list[Line], index: int, size: int, parties: Parties) -> int:
    """Return the number of lines with those above that a client broke before an address, or within the sender's name.

    A bracket that was closed has to be opened: "Catalog <" / "r@c.test> wrote:".
    """
    while size < _MOST_LINES + 2:
        start = index - size
        if start < 0 or lines[start].blank or lines[start].depth != lines[index].depth or len(lines[start].text) > _LONGEST:
            break
        whole = " ".join(line.text for line in lines[start + 1:index + 1])
        if not _is_open(whole) and not _breaks_name(lines[start].text, whole, parties):
            break
        size += 1
    return size


def _is_open(text: str) -> bool:
    """Return whether a text closes a bracket before it opens one."""
    closed = _CLOSED.search(text)
    opened = _OPENED.search(text)
    return closed is not None and (opened is None or closed.start() < opened.start())


def _breaks_name(above: str, below: str, parties: Parties) -> bool:
    """Return whether the service's name begins at the end of one line and ends in the next."""
    for name in parties.names:
        words = name.split()
        for count in range(1, len(words)):
            if (" ".join(above.casefold().split()).endswith(" ".join(words[:count]))
                    and " ".join(below.casefold().split()).lstrip("\"'").startswith(" ".join(words[count:]))):
                return True
    return False


def _has_verb(text: str) -> bool:
    """Return whether a text has the verb, and other words: "10:25: wrote" is a line of a log."""
    found = first_verb(text)
    return found is not None and bool(_LETTER.search(text, 0, found[0]) or _LETTER.search(text, found[1]))


def first_verb(text: str) -> tuple[int, int] | None:
    """Return where the first verb of a text begins and ends, as `WROTE` finds it; None when there is none."""
    folded = text.lower()
    if not text.isascii() or any(word in folded for word in WITHIN_ASCII_WORDS):
        found = WROTE.search(text)
    else:
        found = WROTE_IN_ASCII.search(folded)
        while found and found.start() and folded[found.start() - 1] in _WORD_CHARACTERS:
            found = WROTE_IN_ASCII.search(folded, found.start() + 1)
    return found.span() if found else None


def _ends_with_verb(text: str) -> bool:
    tail, ending = text[-16:], text[-2:]
    if ending.isascii() and ending.lower() not in VERB_ENDINGS:
        return False
    return any(match.end() == len(tail) for match in WROTE.finditer(tail))


def _before_quote(lines: list[Line], index: int, stop: int, marker: bool) -> bool:
    """Return whether the next line with text is quoted deeper, or is the marker."""
    following = next_written(lines, index + 1)
    if following is None:
        return False
    return (marker and following >= stop) or lines[following].depth > lines[index].depth
