# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the lines that a mail client wrote above a quoted mail: attribution lines, header blocks, "Original Message".

People write and paste such lines too. The client's are those directly above the quoted mail, those that name the service, and
those that the HTML marks; others are the author's. Each line is examined a fixed number of times.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from catalog_mail.domain.replies.extraction import headers
from catalog_mail.domain.replies.extraction.attribution import attribution
from catalog_mail.domain.replies.extraction.banner import is_banner
from catalog_mail.domain.replies.extraction.languages import ORIGINAL, TITLES
from catalog_mail.domain.replies.extraction.lines import Hint, Line, next_written
from catalog_mail.domain.replies.extraction.parties import Parties

# Notes: "Corp Catalog ---20.11.2026 10:15:00---" and the mail's first words.
_NOTES = re.compile(r".{1,80}?---\s?\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b.{0,40}---")
_RULE = re.compile(r"[\s_\u2014\u2500]{5,}$")  # above headers; people end texts with rules of other characters
# Around "Original Message": white space in ASCII, and what programs draw rules with.
_DASHES = " \t\n\r\f\v\x1c\x1d\x1e\x1f-_=*"
_MENTION = re.compile(r".{1,300} mentioned you in .{1,300}:\s*$")
_NEAR = 12  # lines between a client's line and the quoted mail that are examined for a gateway's banner
# The last line of the notification, and no sentence that begins so.
_FOOTER = re.compile(r"stop e-mails of this kind\s*(?:[:(<\[*]|$)", re.IGNORECASE)


class StopAt(Enum):
    """The kind of line at which a search for boundaries stops."""

    MARKER = "marker"  # the marker: the notification's own text begins there
    END = "end"        # the end of the text: no marker was found


class Form(Enum):
    """The form in which a client introduces a quoted mail."""

    ATTRIBUTION = "attribution"
    HEADERS = "headers"
    TITLE = "title"      # "Original Message", and the like
    MARKED = "marked"    # an attribution that is marked in the client's HTML
    QUOTE = "quote"      # the begin of the quote, marked in the client's HTML
    MENTION = "mention"  # the first line of the notification itself


# Forms that need no other sign that a client wrote them.
_BY_MARKUP = frozenset({Form.MARKED, Form.QUOTE, Form.MENTION})


class Span(NamedTuple):
    """Lines from `start` to before `end` that a client wrote. `named`: they name the service or the answered mail."""

    start: int
    end: int
    form: Form = Form.ATTRIBUTION
    named: bool = False


def boundaries(lines: list[Line], stop: int, stop_at: StopAt, parties: Parties) -> list[Span]:
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
            spans.append(Span(_above(lines, index, lowest), index, Form.QUOTE))
            lowest = index
        span, after = _headers_at(lines, index, stop, parties)
        if span is None and after == index + 1:
            span = _words_at(lines, index, stop, stop_at, parties)
            if span is None and index < last_footer and _MENTION.match(lines[index].text[:700]):
                span = Span(index, index + 1, Form.MENTION)
        if span:
            spans.append(_completed(lines, span, lowest, parties))
        index = after
    return _by_client(lines, spans, stop if stop_at is StopAt.MARKER else -1, parties)


def _last_footer(lines: list[Line]) -> int:
    """Return the index of the last line of the notification's footer; -1 if there is none."""
    return max((index for index, line in enumerate(lines) if has_footer(line)), default=-1)


def has_footer(line: Line) -> bool:
    """Return whether a line has the end of the notification."""
    return _FOOTER.search(line.text) is not None


def _completed(lines: list[Line], span: Span, lowest: int, parties: Parties) -> Span:
    texts = [line.text[:500] for line in lines[span.start:span.end]]
    named = parties.named(" ".join(texts)) or (span.form is Form.HEADERS and any(map(parties.has_subject, texts)))
    named = named or headers.is_hinted(lines[span.start])
    rules = span.form in (Form.HEADERS, Form.TITLE)
    return span._replace(start=_above(lines, max(lowest, span.start), lowest, rules=rules), named=named)


def _headers_at(lines: list[Line], index: int, stop: int, parties: Parties) -> tuple[Span | None, int]:
    """Return the span of quoted headers, or of an attribution marked in HTML, at a line; and the next line to search."""
    line = lines[index]
    if line.hint is Hint.ATTRIBUTION:
        end = index + 1
        while end < stop and (lines[end].hint is Hint.ATTRIBUTION or lines[end].blank):
            end += 1
        return Span(index, end, Form.MARKED), end
    if not headers.may_begin_block(line):
        return None, index + 1
    hinted = headers.is_hinted(line)
    introduced = hinted or _has_title_above(lines, index)
    end = headers.known_block(lines, index, stop, introduced=introduced)
    if end == index and hinted:
        end = headers.hinted_block(lines, index, stop)
    if end == index:
        end = headers.unlisted_block(lines, index, stop, parties)
    if end == index:
        end = headers.block_without_colons(lines, index, stop, parties, introduced=introduced)
    if end == index:
        return None, index + 1
    return Span(index, end, Form.HEADERS), end


def _has_title_above(lines: list[Line], index: int) -> bool:
    above = _above(lines, index, max(0, index - 4))
    return any(is_title(line.text) for line in lines[above:index])


def _words_at(lines: list[Line], index: int, stop: int, stop_at: StopAt, parties: Parties) -> Span | None:
    """Return the span of "Original Message" or an attribution that ends at a line, None when there is none."""
    text = lines[index].text
    if is_title(text) or ("---" in text[:200] and _NOTES.match(text)):
        return Span(index, index + 1, Form.TITLE)
    size = attribution(lines, index, stop, parties, marker=stop_at is StopAt.MARKER)
    return Span(index - size + 1, index + 1) if size else None


def is_title(text: str) -> bool:
    """Return whether a line is "Original Message" or the like."""
    if len(text) >= 120:
        return False
    if text.isascii():  # as most lines are; the expression tries each title
        return text.lstrip(_DASHES).rstrip(f"{_DASHES}:").lower() in TITLES
    return bool(ORIGINAL.match(text))


def _above(lines: list[Line], start: int, lowest: int, *, rules: bool = True) -> int:
    """Return the start moved up over the blank lines, "Original Message" and, with `rules`, rules above it."""
    index = start
    while index > lowest and start - index < 8:
        text = lines[index - 1].text.strip()
        if text and not (rules and _RULE.match(text[:200])) and not is_title(text):
            break
        index -= 1
    return index


def _by_client(lines: list[Line], spans: list[Span], marker: int, parties: Parties) -> list[Span]:
    """Return the spans without those that are the author's own text; `marker` is the marker's line, -1 without one."""
    kept: list[Span] = []
    attached = False  # whether a client's line directly above the quoted mail was found
    first = next((index for index, line in enumerate(lines) if not line.blank), 0)
    names = next((span.end for span in spans if span.named), len(lines))  # the end of the first span that names the service
    for span in reversed(spans):
        below = kept[-1].start if kept else marker
        touches = below >= 0 and _nothing_between(lines, span.end, below)
        depth = lines[span.end - 1].depth
        is_pasted = not span.start < names < len(lines) and _is_foreign(lines, span, parties)
        if below >= 0 and depth > lines[below].depth:
            by_client = False  # a quote that ends above the client's line is the author's
        elif span.form in _BY_MARKUP:
            by_client = touches or below < 0 or span.form is not Form.MARKED or depth < lines[below].depth
        elif depth:
            by_client = not is_pasted
        elif touches and kept and kept[-1].form is not Form.MENTION:
            by_client = _belong_together(span, kept[-1]) and not is_pasted
        elif touches:
            # Without a word above it, and as an attribution of what is marked as quoted, it is the client's also with another
            # sender: the service may have had that address.
            attributes = span.form is Form.ATTRIBUTION and lines[below].depth > depth
            introduced = is_pasted and not attributes and any(not line.blank for line in lines[:span.start])
            by_client = span.named or (span.start < names and not introduced)
        elif _is_before_quote(lines, span.end):
            is_above = bool(kept) and (attached or not span.named) and depth >= lines[below].depth
            by_client = not is_above and (span.named or (span.start < names and not is_pasted))
        else:
            on_top = span.start <= first and span.form is not Form.TITLE and not parties.addresses
            by_client = not attached and (span.named or on_top)
        if by_client:
            kept.append(span)
            attached = attached or touches or span.form in _BY_MARKUP
    return kept[::-1]


def _belong_together(upper: Span, lower: Span) -> bool:
    """Return whether a client wrote two spans with nothing between them. An author's may be the last line of the text."""
    return upper.form is Form.TITLE or (upper.form is Form.ATTRIBUTION and lower.form is Form.QUOTE)


def _is_foreign(lines: list[Line], span: Span, parties: Parties) -> bool:
    """Return whether a span names another sender than the service, so that it introduces a mail that the author pasted."""
    texts = [line.text[:500] for line in lines[span.start:span.end]]
    if span.form is Form.HEADERS:
        texts = [text for text in texts if headers.kind(text) == "from"] or texts[:1]
    return parties.has_other_address(" ".join(texts))


def _is_before_quote(lines: list[Line], end: int) -> bool:
    """Return whether the next line with text is quoted deeper than the line before `end`."""
    following = next_written(lines, end, 6)
    return following is not None and lines[following].depth > lines[end - 1].depth


def _nothing_between(lines: list[Line], start: int, end: int) -> bool:
    """Return whether nothing but blank lines, rules and a gateway's banner is between two lines."""
    if end - start > 2 * _NEAR:
        return False
    texts = [line.text for line in lines[start:end] if not line.blank and not _RULE.match(line.text[:200])]
    return not texts or (len(texts) <= _NEAR and is_banner(" ".join(texts)))
