# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract the text that the author of a reply wrote, without quoted text. Takes time linear in the message's size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from catalog_mail.domain.replies.extraction.cut import Cut, cut
from catalog_mail.domain.replies.extraction.decode import LONGEST, part_text
from catalog_mail.domain.replies.extraction.lines import Line, visible
from catalog_mail.domain.replies.extraction.parts import TextPart, TooComplex, text_streams
from catalog_mail.domain.replies.extraction.plain import flowed_lines, plain_lines
from catalog_mail.domain.replies.extraction.rich import rich_lines
from catalog_mail.domain.replies.reply import MARKER

__all__ = ["MARKER", "Extracted", "TooComplex", "extract"]

# Matches a text part that only refers to the HTML part.
_STUB = re.compile(r"(?=.*\bhtml\b).*\b(?:view|viewer|supports?|display|requires?|anzeigen|unterst\u00fctz\w+|afficher)\b",
                   re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Extracted:
    """The author's text, with LF line ends and trimmed, "" if there is none; and whether the marker was found."""

    text: str
    marker_found: bool


def extract(message: Message) -> Extracted:
    """Extract the author's text of a message that was parsed with the compat32 policy.

    The plain text is used, unless it has no text of the author's, or only the HTML shows where the quoted mail begins. Raises
    TooComplex, and nothing else, when the message has too many parts.
    """
    plain, rich = text_streams(message)
    first = _cut(plain)
    if (first.text and first.certain and not _is_stub(first.text)) or _same(plain, rich):
        return Extracted(first.text, first.marker_found)
    second = _cut(rich)
    if second.text and (not first.text or second.certain or _is_stub(first.text)):
        return Extracted(second.text, second.marker_found)
    if second.certain and not first.certain:
        return Extracted("", second.marker_found)
    return Extracted("" if _is_stub(first.text) else first.text, first.marker_found or second.marker_found)


def _same(plain: list[TextPart], rich: list[TextPart]) -> bool:
    return [id(part.part) for part in plain] == [id(part.part) for part in rich]


def _cut(parts: list[TextPart]) -> Cut:
    lines: list[Line] = []
    left = LONGEST
    for part in parts:
        if left <= 0:
            break
        text = part_text(part.part, part.kind.parameters.get("charset", ""))[:left]
        left -= len(text)
        lines += _lines(part, text)
    return cut(lines)


def _lines(part: TextPart, text: str) -> list[Line]:
    if part.html:
        return rich_lines(text)
    text = visible(text)
    if part.kind.parameters.get("format", "").lower() == "flowed":
        return flowed_lines(text, part.kind.parameters.get("delsp", "").lower() == "yes")
    return plain_lines(text)


def _is_stub(text: str) -> bool:
    return len(text) < 300 and bool(_STUB.match(text))
