# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove signatures and other text below a mail, but keep sentences where they can be told apart."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.languages import DISCLAIMER, SENT_FROM
from catalog_mail.domain.replies.extraction.lines import Hint, Line

_MOST_LINES = 20   # of a signature that begins with "-- " (RFC 3676, 4.3)
_FEW_LINES = 8     # of a signature without "-- "
_LINK = re.compile(r"[<(\[](?:https?://|mailto:)[^>)\]]*[>)\]]|https?://\S+")
_SENTENCE = re.compile(r"(?:\S+\s+){3,}\S*[a-z\u00e0-\u024f\u0430-\u044f)][.?!](?:\s|$)")


def without_signature(lines: list[Line]) -> list[Line]:
    """Return the lines without the signature and "Sent from my ..." at their end."""
    lines = _without_sent_from(lines)
    for index, line in enumerate(lines):
        mark = line.text.rstrip("\r")
        if mark.rstrip() in ("--", "\u2014") and line.depth == 0:
            below = [other.text for other in lines[index + 1:index + 2 + 2 * _MOST_LINES] if not other.blank]
            if _is_signature(below, certain=mark == "-- "):
                return _without_sent_from(lines[:index])
    return _without_hinted(lines)


def _is_signature(texts: list[str], *, certain: bool) -> bool:
    if certain:
        return len(texts) <= _MOST_LINES
    return len(texts) <= _FEW_LINES and not any(map(is_prose, texts))


def is_prose(text: str) -> bool:
    """Return whether a text has a sentence, or is longer than 100 characters."""
    return len(text) > 100 or bool(_SENTENCE.search(text[:200]))


def _without_hinted(lines: list[Line]) -> list[Line]:
    """Remove the element that a client marks as its signature, unless it has sentences."""
    hinted = [line.text for line in lines if line.hint is Hint.SIGNATURE and line.text]
    if not hinted or not _is_signature(hinted, certain=False):
        return lines
    kept = [line for line in lines if line.hint is not Hint.SIGNATURE]
    while kept and (kept[-1].blank or kept[-1].text.strip() == "--"):
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
        if line.text and DISCLAIMER.match(line.text[:200]):
            return lines[:index]
    return lines
