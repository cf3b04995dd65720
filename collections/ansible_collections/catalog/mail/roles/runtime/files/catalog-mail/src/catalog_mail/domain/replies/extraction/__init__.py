# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract the text that the author of a reply wrote, without quoted text. Takes time linear in the message's size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

from catalog_mail.domain.replies.extraction.contents import Contents
from catalog_mail.domain.replies.extraction.cut import Cut, cut
from catalog_mail.domain.replies.extraction.decode import LONGEST
from catalog_mail.domain.replies.extraction.lines import Line, visible
from catalog_mail.domain.replies.extraction.parties import Parties, parties
from catalog_mail.domain.replies.extraction.parts import TextPart, TooComplex
from catalog_mail.domain.replies.extraction.plain import flowed_lines, plain_lines
from catalog_mail.domain.replies.extraction.rich import names_signature, rich_lines
from catalog_mail.domain.replies.reply import MARKER

__all__ = ["MARKER", "Contents", "Extracted", "TooComplex", "extract"]

# Matches a text part that only refers to the HTML part.
_STUB = re.compile(r"(?=.*\bhtml\b).*\b(?:view|viewer|supports?|display|requires?|anzeigen|unterst\u00fctz\w+|afficher)\b",
                   re.IGNORECASE | re.DOTALL)
_LETTERS = re.compile(r"[^\W_]+")
_RULE = re.compile(r"(?:\s*_{5,})*+\s*$")


@dataclass(frozen=True)
class Extracted:
    """The author's text, with LF line ends and trimmed, "" if there is none; and whether the marker was found.

    `encrypted`: the author's text has a block encrypted with OpenPGP, which is left out.
    """

    text: str
    marker_found: bool
    encrypted: bool = False


def extract(message: Message | Contents, own_addresses: Iterable[str] = ()) -> Extracted:
    """Extract the author's text of a message that was parsed with the compat32 policy.

    The plain text is used, unless it has no text of the author's, or only the HTML shows where the quoted mail or the signature
    begins. `own_addresses` are the service's, further to the reply's recipients. Raises TooComplex, and nothing else, when the
    message has too many parts.
    """
    contents = Contents.of(message)
    plain, rich = contents.streams
    known = parties(contents.headers, own_addresses)
    first = _cut(contents, plain, known)
    if _same(plain, rich) or first.encrypted:
        return _extracted(first)
    if first.text and first.certain and not _is_stub(first.text):
        if first.introduced and not any(_names_signature(contents, part) for part in rich):
            return _extracted(first)
        second = _cut(contents, rich, known)
        shows_more = (second.introduced and not first.introduced) or second.signature
        return Extracted(_shorter(first.text, second.text) if shows_more else first.text, first.marker_found)
    return _extracted(_better(first, _cut(contents, rich, known)))


def _extracted(cut_text: Cut) -> Extracted:
    return Extracted(cut_text.text, cut_text.marker_found, cut_text.encrypted)


def _better(first: Cut, second: Cut) -> Cut:
    """Return the cut of the HTML if the plain text has no text, or shows less well where the quoted mail begins."""
    stub = _is_stub(first.text)
    if second.encrypted or (second.text and (not first.text or second.certain or stub)):
        return second
    if second.certain and not first.certain:
        return second._replace(text="")
    return first._replace(text="" if stub else first.text, marker_found=first.marker_found or second.marker_found)


def _shorter(plain: str, rich: str) -> str:
    """Return the plain text as far as the text of the HTML goes; the latter when the two differ, and it is shorter.

    The two differ in the form of lists, links and pictures. Their letters and digits are compared.
    """
    shown, wanted = _LETTERS.findall(plain), "".join(_LETTERS.findall(rich))
    if not wanted:
        return rich or plain
    if len("".join(shown)) <= len(wanted):
        return plain
    if not "".join(shown).startswith(wanted):
        return rich
    left, end = len(wanted), 0
    for match in _LETTERS.finditer(plain):
        if left <= 0:  # the first word of what the HTML does not show
            start = plain.rfind("\n", 0, match.start()) + 1
            return _RULE.sub("", plain[:start]) if start > end else rich
        left -= len(match[0])
        end = match.end()
    return plain


def _names_signature(contents: Contents, part: TextPart) -> bool:
    return part.html and names_signature(contents.text(part)[:LONGEST])


def _same(plain: list[TextPart], rich: list[TextPart]) -> bool:
    return [id(part.part) for part in plain] == [id(part.part) for part in rich]


def _cut(contents: Contents, parts: list[TextPart], known: Parties) -> Cut:
    lines: list[Line] = []
    left = LONGEST
    for part in parts:
        if left <= 0:
            break
        text = contents.text(part)[:left]
        left -= len(text)
        lines += _lines(part, text)
    return cut(lines, known)


def _lines(part: TextPart, text: str) -> list[Line]:
    if part.html:
        return rich_lines(text)
    text = visible(text)
    if part.kind.parameters.get("format", "").lower() == "flowed":
        return flowed_lines(text, part.kind.parameters.get("delsp", "").lower() == "yes")
    return plain_lines(text)


def _is_stub(text: str) -> bool:
    return len(text) < 300 and bool(_STUB.match(text))
