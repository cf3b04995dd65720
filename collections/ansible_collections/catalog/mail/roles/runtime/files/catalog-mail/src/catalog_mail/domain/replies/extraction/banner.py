# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognise the warnings that gateways write into a mail.

A warning is built of fixed sentences and nothing else: a label, the mail's origin, advice about links. The words alone prove
nothing, since people write about external sources and warn of links. Two different sentences of a gateway do, and so do its
brackets, its own link, or its box; any other word in the paragraph makes it the author's.
"""

from __future__ import annotations

import re
from itertools import pairwise

from catalog_mail.domain.replies.extraction import banner_words as words
from catalog_mail.domain.replies.extraction.lines import Hint, Line, next_written

_MOST_LINES = 8
_MOST_BANNERS = 4
_LONGEST = 900
_BETWEEN = re.compile(r"[\s.!:;|*_<>()\[\]\u2013\u2014\u26a0\ufe0f\uff1a\u3002\u3010\u3011=#~-]*")


def is_banner(text: str, *, boxed: bool = False) -> bool:
    """Return whether a paragraph is the warning of a gateway and nothing else; `boxed`: the HTML sets it apart."""
    text = " ".join(text[:_LONGEST + 1].split())
    if len(text) > _LONGEST:
        return False
    if any(form.fullmatch(text) for form in (words.MARKED, words.CAPITALS, words.BRACKETS)):
        return True
    if words.FIRST_CONTACT_LINK.search(text):  # the text names the sender, in any language
        return len(text) <= words.FIRST_CONTACT_LONGEST and "@" in text
    return _has_enough(text, boxed=boxed)


def _has_enough(text: str, *, boxed: bool) -> bool:
    """Return whether the meanings of a text's sentences are those of a warning."""
    found = _meanings(text)
    if found is None or not found & {"origin", "tag", "first_contact"}:
        is_one_cell = boxed and len(text) <= words.BOX_LONGEST and " | " not in text
        return is_one_cell and all(form.search(text) for form in (words.FROM_OUTSIDE, words.ADVICE, words.MAIL))
    if found <= {"label", "tag"}:
        return boxed or words.SHOUTED.search(text) is not None
    return boxed or "first_contact" in found or len(found - {"more"}) > 1


def _meanings(text: str) -> set[str] | None:
    """Return the meanings of the sentences of a text; None when it has another sentence."""
    found: set[str] = set()
    tag = words.BRACKETS.match(text)
    position = tag.end() if tag else _end_of_gap(text, 0)
    if tag:
        found.add("tag")
    elif text.startswith("EXTERNAL:", position):
        found.add("tag")
        position = _end_of_gap(text, position + len("EXTERNAL:"))
    while position < len(text):
        piece = words.SENTENCE.match(text, position)
        if piece is None or not piece.lastgroup or piece.end() == position:
            return None
        after = _end_of_gap(text, piece.end())
        if after == piece.end() and after < len(text):
            return None  # the sentence goes on
        between = text[piece.end():after].strip()
        if not between and after < len(text) and piece.lastgroup not in ("tag", "label", "more"):
            return None
        found.add(piece.lastgroup)
        position = after
    return found


def _end_of_gap(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def without_banner(lines: list[Line]) -> list[Line]:
    """Remove the warnings that gateways add above a mail from outside."""
    start = next_written(lines, 0, _MOST_LINES)
    if start is None:
        return lines
    for _each in range(_MOST_BANNERS):
        end = _banner_end(lines, start)
        if end == start:
            break
        following = next_written(lines, end, len(lines))
        if following is None:
            return []
        start = following
    return lines[start:]


def _banner_end(lines: list[Line], start: int) -> int:
    """Return the line after the warning that begins at a line; `start` when there is none."""
    return _end_of_marked(lines, start) or _end_of_box(lines, start) or _end_of_sentences(lines, start) or start


def _end_of_marked(lines: list[Line], start: int) -> int | None:
    """Return the line after the gateway's mark of the end, if its mark of the begin is at a line."""
    if _mark(lines[start]) != "start":
        return None
    stop = min(len(lines), start + words.MARKED_LINES)
    return next((index + 1 for index in range(start + 1, stop) if _mark(lines[index]) == "end"), None)


def _mark(line: Line) -> str:
    match = words.MARKS.fullmatch(line.text[:100].strip())
    return match[1].lower() if match else ""


def _end_of_box(lines: list[Line], start: int) -> int | None:
    """Return the line after a box that is nothing but a warning."""
    end = start
    while end < min(len(lines), start + 3 * _MOST_LINES) and (lines[end].hint is Hint.BOX or (lines[end].blank and end > start)):
        end += 1
    return end if end > start and is_banner(_joined(lines[start:end]), boxed=True) else None


def _end_of_sentences(lines: list[Line], start: int) -> int | None:
    """Return the line after the longest warning that begins a paragraph."""
    paragraph = start
    while paragraph < len(lines) and paragraph - start < _MOST_LINES and not lines[paragraph].blank:
        paragraph += 1
    for end in range(paragraph, start, -1):
        text = _joined(lines[start:end])
        heads_section = end < paragraph and words.SECTION.match(lines[end].text[:100]) and words.BRACKETS.fullmatch(text)
        if not heads_section and is_banner(text, boxed=lines[start].hint is Hint.BOX):
            return end
    return None


def _joined(lines: list[Line]) -> str:
    """Join lines to one text; a blank line, and a full stop at a line's end, end a sentence."""
    texts = [line.text[:_LONGEST].strip() for line in lines]
    return " ".join([f"{text}." if text and (not below or below[:1].isupper()) and len(text) < 60 else text
                     for text, below in pairwise([*texts, ""])])
