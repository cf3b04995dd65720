# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the lines of a reply that its author wrote."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from catalog_mail.domain.replies.extraction.armour import without_encrypted, without_signature_armour
from catalog_mail.domain.replies.extraction.banner import is_banner, without_banner
from catalog_mail.domain.replies.extraction.boundaries import Span, StopAt, boundaries, has_footer
from catalog_mail.domain.replies.extraction.lines import MOST_LINES, Hint, Line, joined, marked, next_written
from catalog_mail.domain.replies.extraction.marker import Place, find_marker
from catalog_mail.domain.replies.extraction.parties import Parties
from catalog_mail.domain.replies.extraction.signature import is_prose, with_marks, without_disclaimer, without_signature

_NARROWEST = 72  # characters of the shortest lines into which clients wrap a text


class Cut(NamedTuple):
    """The author's text. `introduced`: a line of a client's shows where the quoted mail begins; `encrypted`: a block is left out.

    `signature`: the HTML names a signature.
    """

    text: str
    marker_found: bool
    introduced: bool
    encrypted: bool = False
    signature: bool = False

    @property
    def certain(self) -> bool:
        """Whether the marker or a line of a client's shows where the quoted mail begins."""
        return self.marker_found or self.introduced


def cut(lines: list[Line], parties: Parties) -> Cut:
    """Return the author's text from the lines of one part."""
    lines = with_marks(without_signature_armour(lines[:MOST_LINES]), parties)
    place = find_marker(lines)
    stop = place.start if place else len(lines)
    spans = boundaries(lines, stop, StopAt.END if place is None else StopAt.MARKER, parties)
    if place:
        text = _around_marker(lines, place, spans)
    elif spans:
        text = _around_boundary(lines, spans)
    else:
        text = _without_quotes(lines)
    text, encrypted = without_encrypted(text)
    return Cut(text, place is not None, bool(spans), encrypted, any(line.hint is Hint.SIGNATURE for line in lines[:stop]))


def _around_marker(lines: list[Line], place: Place, spans: list[Span]) -> str:
    """Return the text above the marker without the client's lines, and the text below it that is not quoted."""
    depth = lines[place.start].depth
    has_words = place.before and not place.before.rstrip().endswith(":")
    last = [Line(place.before, depth, marked(place.before, depth))] if has_words else []
    if spans:
        own = _shown(lines[:_quote_begins(lines, place, spans)])
        inside = _inside([*lines[spans[-1].end:place.start], *last], depth)
        if not own and not inside:
            inside = _shown(_between(lines, spans))
    else:
        start = place.start
        while start and depth and lines[start - 1].depth == depth:
            start -= 1
        own, inside = _shown(lines[:start]), _inside([*lines[start:place.start], *last], depth)
    if depth:
        below = _below(lines, place.end, depth, alone=not own and not inside)
    else:
        below = "" if own or inside else _after_footer(lines, place.end)
    return joined(_apart(own, inside, below))


def _quote_begins(lines: list[Line], place: Place, spans: list[Span]) -> int:
    """Return the line at which the client's quote begins.

    This is the first of the spans. But in a mail quoted with marks, lines without marks are the author's, and so is a quote
    with its own attribution among them.
    """
    if lines[place.start].depth:
        end = place.start
        for span in reversed(spans):
            if any(not line.depth and not line.blank for line in lines[span.end:end]):
                return end if end < place.start else span.start
            end = span.start
    return spans[0].start


def _around_boundary(lines: list[Line], spans: list[Span]) -> str:
    """Return the text above the client's first line, and the text below it that is not quoted. For a part without a marker."""
    first = spans[0]
    own = _shown(lines[:first.start])
    quoted = next((line.depth for line in lines[first.end:] if not line.blank), 0)
    if quoted:
        return joined(_apart(own, _below(lines, first.end, quoted, alone=not own)))
    return own or _after_footer(lines, first.end)


def _without_quotes(lines: list[Line]) -> str:
    """Return the text that no client quoted. The author's own quotes stay, unless they quote the notification.

    For a part without marker and boundaries.
    """
    footer = any(has_footer(line) for line in lines if line.depth)
    return _shown([line for line in lines if not line.depth or not (line.cited or footer)])


def _shown(lines: list[Line]) -> str:
    """Return lines as their author saw them, without the signature; if all text is below "-- ", the sentences there."""
    text = joined([line.source for line in without_signature(without_banner(lines))])
    return text or _under_signature(lines)


def _under_signature(lines: list[Line]) -> str:
    """Return the paragraphs after the first below "-- ", if they have sentences; "" otherwise."""
    start = next((index for index, line in enumerate(lines) if line.text.rstrip() == "--"), None)
    if start is None:
        return ""
    signature, _gap, below = "\n".join(line.text.strip() for line in lines[start + 1:]).strip("\n").partition("\n\n")
    return joined(below.split("\n")) if signature and any(map(is_prose, below.split("\n"))) else ""


def _inside(lines: list[Line], depth: int) -> str:
    """Return the text between the attribution and the marker, which has this depth, without a gateway's banner.

    The marks of the client are left out. If it puts none before typed text, all marks are the author's.
    """
    depths = {line.depth for line in lines if not line.blank}
    typed_bare = not depth or 0 in depths or depth not in depths
    paragraphs: list[list[Line]] = [[]]
    for line in lines:
        if line.blank:
            paragraphs.append([])
        else:
            paragraphs[-1].append(line)
    kept: list[Line] = []
    for paragraph in paragraphs:
        if not is_banner(" ".join([line.text for line in paragraph]), boxed=any(line.hint is Hint.BOX for line in paragraph)):
            kept += [*paragraph, Line("")]
    return joined([line.source if typed_bare else marked(line.text, line.depth - depth) for line in without_signature(kept)])


def _between(lines: list[Line], spans: list[Span]) -> list[Line]:
    """Return the lines between the client's spans. For a part without text above the first span."""
    found: list[Line] = []
    for earlier, later in pairwise(spans):
        found += [*(line._replace(source=line.text) for line in lines[earlier.end:later.start]), Line("")]
    return found


def _below(lines: list[Line], start: int, depth: int, *, alone: bool) -> str:
    """Return the answers below and between lines quoted with this depth, in their order.

    Between answers, lines with more marks than the quote's are the author's, such as `>>>` in front of Python.
    """
    answers: list[list[Line]] = []
    quoted = True
    end = _end_of_quote(lines, start)
    for index in range(start, len(lines)):
        line = lines[index]
        if index < end and ((0 < line.depth and (quoted or line.depth <= depth)) or _is_rest_of_quote(lines, index)):
            quoted = True
        else:
            if quoted:
                answers.append([])
            answers[-1].append(line)
            quoted = False
    if not alone:
        answers = [without_disclaimer(answer) for answer in answers]
    return "\n\n".join(filter(None, [joined([line.source for line in without_signature(answer)]) for answer in answers]))


def _end_of_quote(lines: list[Line], start: int) -> int:
    """Return the first line without quote marks below the notification's quoted footer: marks behind it are the author's."""
    upwards = range(len(lines) - 1, start - 1, -1)
    footer = next((index for index in upwards if lines[index].depth and has_footer(lines[index])), None)
    if footer is None:
        return len(lines)
    for index in range(footer + 1, len(lines)):
        if not 0 < lines[index].depth <= lines[footer].depth and not _is_rest_of_quote(lines, index):
            return index
    return len(lines)


def _is_rest_of_quote(lines: list[Line], index: int) -> bool:
    """Return whether a line is the rest of the quoted line before it, which a client wrapped without a quote mark."""
    if not 0 < index < len(lines) - 1 or not lines[index - 1].depth or lines[index].blank:
        return False
    text, above = lines[index].text.lstrip(), lines[index - 1].source.rstrip()
    if has_footer(lines[index - 1]) and _is_cut_footer(above, text):
        return True
    is_full = len(above) >= 66 and len(above) + 1 + len(text.split()[0]) > _NARROWEST
    return lines[index + 1].depth > 0 and is_full and above[-1] not in ".?!:" and text[:1].islower()


def _is_cut_footer(footer: str, below: str) -> bool:
    """Return whether a line has the link of the notification's footer, which a client wrapped."""
    return "http" not in footer and below.strip(" <>").startswith(("http://", "https://"))


def _after_footer(lines: list[Line], start: int) -> str:
    """Return the text after the notification's last line: an answer below a mail that the client quoted without marks."""
    for index in range(len(lines) - 1, start - 1, -1):
        if has_footer(lines[index]):
            link = next_written(lines, index + 1)
            below = lines[link + 1:] if link and _is_cut_footer(lines[index].text, lines[link].text) else lines[index + 1:]
            return joined([line.source for line in without_signature(without_disclaimer(below))])
    return ""


def _apart(*texts: str) -> list[str]:
    return ["\n\n".join(filter(None, texts))]
