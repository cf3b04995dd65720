# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the header block with which a mail client introduces a quoted mail: From, Sent, To, Subject, in any language."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.languages import LABELS
from catalog_mail.domain.replies.extraction.lines import Hint, Line
from catalog_mail.domain.replies.extraction.parties import Parties

_MOST_HEADERS = 24          # lines of a header block, wrapped ones included
_FEWEST_LABELS = 4          # of a block in a language that is not known
_FEWEST_WITHOUT_COLONS = 3
_LONGEST = 500
_WRAPPED = 60               # characters of a line that a client may have wrapped
_ADDRESS = re.compile(r"[\w.+=-]{1,80}+@[\w-]|mailto:")
_TIME = re.compile(r"\d{1,2}[:.h\u6642\u65f6]\d{1,2}")
_WHEN = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d\d")
_COLONS = (":", "\uff1a")
_AFTER_LABEL = (*_COLONS, "|")
_EDGES = " \t*_>\u200e\u200f\u202a-\u202e"
# A label of one to four words in any script, then a colon, and the value.
_ANY_LABEL = re.compile(r"[\s*_|\u200e\u200f\u202a-\u202e\u2066-\u2069]*"
                        r"([^\W\d_][^\d:\uff1a\u0589<>@|/\\=(){}\[\]\"]{0,31}?)[\s*_\u200e\u200f]*[:\uff1a\u0589](?!\S?//)(.*)")
# The same without a colon, as eM Client writes it.
_NO_COLON = re.compile(r"[\s*_]*([^\W\d_][^\W\d_]{0,19}(?: [^\W\d_]{1,12})?)[*_]*[\s*_]+[\"'<\w(].*")
# Each form of header block begins with a line that has one of these.
_SIGNS = re.compile("[:\uff1a\u0589|@]")
_NUMBERS = re.compile(r"\d+")
_YEAR_OR_TIME = re.compile(r"(?<!\d)\d{4}(?!\d)|(?<!\d)\d{1,2}[:.h\u6642\u65f6]\d{2}(?!\d)")


def kind(text: str) -> str | None:
    """Return the kind of a header line, a value of LABELS; None for another line. Clients write labels with a capital."""
    head = text[:44].lstrip("| ")
    position = min((found for found in map(head.find, _AFTER_LABEL) if found > 0), default=0)
    label = head[:position].strip(_EDGES) if position else ""
    return LABELS.get(label.casefold()) if label and not label[0].islower() else None


def may_begin_block(line: Line) -> bool:
    """Return whether a line can be the first of a header block: a quick answer for most lines of a text."""
    return line.hint is not Hint.NONE or _SIGNS.search(line.text) is not None


def known_block(lines: list[Line], start: int, stop: int, *, introduced: bool) -> int:
    """Return the line after the header block that begins at a line; `start` when there is none.

    A block begins at its From: lines above that look like headers are not part of it, unless the client has `introduced` it.
    GMX writes the date above From, and then no other date.
    """
    first = kind(lines[start].text)
    if first is None:
        return start
    dated = first == "date" and start + 1 < stop and kind(lines[start + 1].text) == "from" and _is_date(lines[start].text)
    if first != "from" and not introduced and not dated:
        return start
    end, is_block, kinds = _block(lines, start + dated, stop)
    if dated and not introduced and "date" in kinds:
        return start
    return _with_wrapped(lines, end, stop) if is_block else start


def _block(lines: list[Line], start: int, stop: int) -> tuple[int, bool, set[str]]:
    """Return the line after the headers that begin at `start`, whether they introduce a quoted mail, and their kinds."""
    kinds: set[str] = set()
    last = start
    evidence = compact = False
    for index in range(start, min(stop, start + _MOST_HEADERS)):
        text = lines[index].text
        found = kind(text)
        if found and found in kinds and found not in ("cc", "other"):
            break  # the next block begins
        if found:
            compact = compact or last + 1 == index
            kinds.add(found)
            last = index
        elif index - last > 2 or (compact if lines[index].blank else not _is_wrapped(lines, index)):
            break
        if not evidence and found in ("from", "date"):
            evidence = bool(_ADDRESS.search(text[:_LONGEST]) or _TIME.search(text[:_LONGEST]))
    one_line = len(kinds) == 1 and _flattened(lines[start].text[:1000])
    return last + 1, (evidence and "from" in kinds and len(kinds) >= 3) or one_line, kinds


def _flattened(text: str) -> bool:
    """Return whether a line has a whole header block."""
    words = [piece.split()[-1].strip("*").casefold() for piece in text.split(":") if piece.split()]
    return {"from", "date", "subject"} <= {LABELS.get(word, "") for word in words} and bool(_ADDRESS.search(text))


def _with_wrapped(lines: list[Line], end: int, stop: int) -> int:
    """Return the end of a header block, including the second line of a last header that was wrapped."""
    long = len(lines[end - 1].text) >= _WRAPPED
    return end + 1 if long and end < stop and not lines[end].blank and lines[end].depth == lines[end - 1].depth else end


def unlisted_block(lines: list[Line], start: int, stop: int, parties: Parties) -> int:
    """Return the line after a header block in any language; `start` when there is none.

    These are at least four lines of label and value: the first value names the service, or is an address where another line is
    the answered mail's subject; the second is a date.
    """
    if stop - start < _FEWEST_LABELS:
        return start
    first = _labelled(lines[start].text[:_LONGEST])
    if first is None or not (_ADDRESS.search(first[2]) or parties.named(first[2])):
        return start
    second = _labelled(lines[start + 1].text[:_LONGEST]) if start + 1 < stop else None
    if second is None or not _is_date(second[2]):
        return start
    labels, end, subject = _run(lines, start, stop, parties)
    ours = parties.named(first[2]) or subject
    return _with_wrapped(lines, end, stop) if labels >= _FEWEST_LABELS and ours else start


def _labelled(text: str) -> re.Match[str] | None:
    """Match a label and its value. Labels begin with a capital, or in a script without capitals."""
    match = _ANY_LABEL.match(text)
    return match if match and not match[1][0].islower() else None


def _run(lines: list[Line], start: int, stop: int, parties: Parties) -> tuple[int, int, bool]:
    """Return the number of labelled lines from `start` on, the line after the last, and whether one has the mail's subject."""
    labels, last, subject = 0, start, False
    ours = parties.named(lines[start].text[:_LONGEST])
    for index in range(start, min(stop, start + _MOST_HEADERS)):
        text = lines[index].text[:_LONGEST]
        if index > start and (is_hinted(lines[index]) or (not ours and parties.named(text))):
            break  # the client's block begins
        if _labelled(text):
            labels, last = labels + 1, index
            subject = subject or parties.has_subject(text)
        elif lines[index].blank or index - last > 2 or not _is_wrapped(lines, index):
            break
    return labels, last + 1, subject


def _is_wrapped(lines: list[Line], index: int) -> bool:
    """Return whether a line, which is not blank, continues the header above it."""
    above = lines[index - 1].text[:_LONGEST].rstrip()
    return bool(above) and (lines[index].text[0] in " \t" or len(above) >= _WRAPPED or above[-1] in ",;<")


def _is_date(text: str) -> bool:
    """Return whether a text has a day and a year or time, in any digits and calendar."""
    return len(text) <= 100 and len(_NUMBERS.findall(text)) >= 2 and bool(_YEAR_OR_TIME.search(text))


def block_without_colons(lines: list[Line], start: int, stop: int, parties: Parties, *, introduced: bool) -> int:
    """Return the line after a header block without colons; `start` when there is none.

    eM Client writes sender, recipient, date and subject below "Original Message". Without that line the sender's address has
    to be the service's and the subject that of the answered mail.
    """
    text = lines[start].text[:_LONGEST]
    if stop - start < _FEWEST_WITHOUT_COLONS or "@" not in text or not _NO_COLON.fullmatch(text):
        return start
    size, date, subject, known = 0, False, False, 0
    for index in range(start, min(stop, start + 8)):
        text = lines[index].text[:_LONGEST]
        match = _NO_COLON.fullmatch(text)
        if match is None:
            break
        size += 1
        date = date or _is_date(text)
        subject = subject or parties.has_subject(text)
        known += any(label in LABELS for label in (match[1].casefold(), match[1].split()[0].casefold()))
        if subject:
            break
    if size < _FEWEST_WITHOUT_COLONS or not date:
        return start
    ours = parties.has_address(lines[start].text[:_LONGEST])
    if not (subject and ours if not introduced else subject or ours or known >= 3):
        return start
    return _with_wrapped(lines, start + size, stop)


def hinted_block(lines: list[Line], start: int, stop: int) -> int:
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


def is_hinted(line: Line) -> bool:
    """Return whether the HTML marks the begin of the client's quote, or of its headers, at a line."""
    return line.hint in (Hint.QUOTE, Hint.DIVIDER)
