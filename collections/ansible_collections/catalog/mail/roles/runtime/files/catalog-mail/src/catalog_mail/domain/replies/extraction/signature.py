# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove signatures and other text below a mail, but keep sentences where they can be told apart."""

from __future__ import annotations

import re
from itertools import islice, takewhile

from catalog_mail.domain.replies.extraction.languages import DISCLAIMER, OF_RECIPIENTS, SCANNED, SENT_FROM
from catalog_mail.domain.replies.extraction.lines import Hint, Line, next_written
from catalog_mail.domain.replies.extraction.parties import Parties

_MARK = "-- "
_RESTORED = "--  "            # "-- " that has lost its space
_BARE = ("--", "\u2014")
_MOST_LINES = 20   # of a signature that begins with "-- " (RFC 3676, 4.3)
_LONGEST_DISCLAIMER = 2000
_FEW_LINES = 8     # of a signature without "-- "
_LINK = re.compile(r"[<(\[](?:https?://|mailto:)[^>)\]]*[>)\]]|https?://\S+")
_SENTENCE = re.compile(r"(?:\S+\s+){3,}\S*[a-z\u00e0-\u024f\u0430-\u044f)][.?!](?:\s|$)")


def with_marks(lines: list[Line], parties: Parties) -> list[Line]:
    """Return the lines with "-- " restored where a client took its space away: above the author's name.

    A line of dashes is otherwise the author's: people write it above tables and lists.
    """
    found = lines
    for index, line in enumerate(lines):
        if line.text.strip() in _BARE and line.text != _MARK and not line.depth and _begins_signature(lines, index, parties):
            found = list(lines) if found is lines else found
            found[index] = line._replace(text=_RESTORED)
    return found


def _begins_signature(lines: list[Line], index: int, parties: Parties) -> bool:
    """Return whether a line of dashes has a blank line above, and below it the author's name and nothing else."""
    name = next_written(lines, index + 1, 2)
    if name is None or not parties.is_author(lines[name].text[:200]):
        return False
    above = next((line for line in lines[max(0, index - 4):index][::-1] if not line.blank), None)
    return (index == 0 or lines[index - 1].blank) and not (above and above.text.rstrip().endswith((":", "\uff1a")))


def without_signature(lines: list[Line]) -> list[Line]:
    """Return the lines without the signature and "Sent from my ..." at their end."""
    lines = _without_sent_from(lines)
    for index, line in enumerate(lines):
        mark = line.text.rstrip("\r")
        if mark in (_MARK, _RESTORED) and line.depth == 0:
            written = (lines[below].text for below in range(index + 1, len(lines)) if not lines[below].blank)
            below = list(islice(written, _MOST_LINES + 1))
            if _is_signature(below, certain=mark == _MARK):
                return _without_sent_from(_without_hinted(lines[:index]))
    return _without_sent_from(_without_hinted(lines))


def _is_signature(texts: list[str], *, certain: bool) -> bool:
    if certain:
        return len(texts) <= _MOST_LINES
    return len(texts) <= _FEW_LINES and not any(map(is_prose, texts))


def is_prose(text: str) -> bool:
    """Return whether a text has a sentence, or is longer than 100 characters."""
    return len(text) > 100 or bool(_SENTENCE.search(text[:200]))


def _without_hinted(lines: list[Line]) -> list[Line]:
    """Remove the element that a client marks as its signature, unless it has sentences, which people may have written there."""
    hinted = [line.text for line in lines if line.hint is Hint.SIGNATURE and line.text]
    if not hinted or len(hinted) > _MOST_LINES or any(is_prose(text) and not _is_disclaimer(text) for text in hinted):
        return lines
    kept = [line for line in lines if line.hint is not Hint.SIGNATURE]
    while kept and (kept[-1].blank or kept[-1].text.strip() in _BARE):
        kept.pop()
    return kept


def _without_sent_from(lines: list[Line]) -> list[Line]:
    end = len(lines)
    while end and (lines[end - 1].blank or (_is_sent_from(lines[end - 1].text) and not _continues_sentence(lines, end - 1))):
        end -= 1
    return lines[:end]


def _continues_sentence(lines: list[Line], index: int) -> bool:
    """Return whether a line continues the sentence of the line above it."""
    return index > 0 and not lines[index - 1].blank and lines[index].text.lstrip()[:1].islower()


def _is_sent_from(text: str) -> bool:
    """Return whether a line is "Sent from my ..." or the like, which a program wrote."""
    if len(text) > 240:
        return False
    line = _LINK.sub("", text).strip(" \t*_.[]()\u200e\u200f-")
    return 0 < len(line) <= 80 and len(line.split()) <= 9 and bool(SENT_FROM.fullmatch(line))


def without_disclaimer(lines: list[Line]) -> list[Line]:
    """Return the lines before the first line that a gateway wrote below the mail."""
    for index, line in enumerate(lines):
        if line.text and SCANNED.match(line.text[:200]):
            return lines[:index]
        if line.text and DISCLAIMER.match(line.text[:200]) and not _is_announced(lines, index):
            paragraph = takewhile(lambda other: not other.blank, lines[index:index + _MOST_LINES])
            if _is_disclaimer(" ".join([other.text for other in paragraph])):
                return lines[:index]
    return lines


def _is_disclaimer(text: str) -> bool:
    """Return whether a paragraph is a gateway's: of its virus scanner, or of lawyers, who speak of recipients or errors."""
    text = text[:_LONGEST_DISCLAIMER]
    return bool(SCANNED.match(text) or (DISCLAIMER.match(text) and OF_RECIPIENTS.search(text)))


def _is_announced(lines: list[Line], index: int) -> bool:
    """Return whether the text above a line ends with a colon: the author quotes what follows."""
    above = next((line.text.rstrip() for line in lines[max(0, index - 3):index][::-1] if not line.blank), "")
    return above.endswith((":", "\uff1a"))
