# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detect reactions: an emoji that a mail program sends in place of an answer, with a text of its own.

Gmail sends a part of its own type (developers.google.com/workspace/gmail/reactions/format). Outlook's reactions to people outside
its own organization have no header of their own, only their text: `[like] Jane Doe reacted to your message:` above the quoted
mail, in the language of the sender: a picture, the sender's name, some words and a colon. `X-MS-Reactions` is no sign: it only
allows or forbids reactions to the mail that has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message

from catalog_mail.domain.mime.structured import decoded_words
from catalog_mail.domain.replies.extraction import Contents, TooComplex, extract
from catalog_mail.domain.replies.extraction.lines import visible
from catalog_mail.domain.replies.extraction.parts import TextPart
from catalog_mail.domain.replies.extraction.rich import rich_lines

_REACTION_PART = "text/vnd.google.email-reaction+json"
# The link below Gmail's reactions in any language. It identifies them when a server has dropped the part.
_GMAIL_LINK = "utm_campaign=emojireactionemail"
_OUTLOOK_WORDS = " reacted to your "
_OUTLOOK = re.compile(
    r"(?:\[(?:image: )?(?P<kind>[^\[\]]{1,40})\]|[^\w\s\[\]]{1,8})?[\s|]*"
    r"(?P<name>\S.{0,200}?) reacted to your (?:message|post|e-?mail):"
)
# The same in any language: a picture or an emoji, and then the sender's name and other words.
_OUTLOOK_LINE = re.compile(r"(?:\[[^\[\]]{1,50}\]|[^\x00-\x7f\w\s]{1,8})[\s|]*(?P<words>\S.{0,250}?)\s?[:\uff1a]")
_PICTURE_FIRST = re.compile(r"<table[^>]*+>(?:\s*+<(?:tbody|tr|td)\b[^>]*+>)*+\s*+<img\b", re.IGNORECASE)
_OUTLOOK_KINDS = frozenset({"like", "heart", "celebrate", "laugh", "surprised", "sad"})
_WORD = re.compile(r"\w+")
_MOST_READ = 100_000  # characters of a part
_BEGIN = 10_000      # characters of HTML, styles included, in which a reaction begins
_FIRST_LINES = 3
_LONGEST_LINE = 400


def is_reaction(message: Message | Contents) -> bool:
    """Return whether a message is a reaction; a person's own text beside it makes it a reply. Raises nothing."""
    contents = Contents.of(message)
    if any(part.kind == _REACTION_PART and (part.leading or not part.attached) for part in contents.own_parts):
        return True
    try:
        return _reads_as_reaction(contents)
    except TooComplex:
        return False


def _reads_as_reaction(contents: Contents) -> bool:
    """Return whether the author's text is nothing but the lines that a mail program writes for a reaction."""
    written: set[str] = set()
    for stream in contents.streams:
        if stream:
            written.update(_reaction_lines(_first_lines(contents, stream[0]), contents.headers))
    if not written:
        return False
    text = extract(contents).text
    return all(line.strip() in written for line in text.split("\n") if line.strip())


def _first_lines(contents: Contents, part: TextPart) -> list[str]:
    """Return the first lines with text of a part that may be a reaction; [] for any other part."""
    text = contents.text(part)[:_MOST_READ]
    known = _OUTLOOK_WORDS.strip() in text or _GMAIL_LINK in text
    if part.html and not known and not _PICTURE_FIRST.search(text[:_BEGIN]):
        return []
    if not part.html and not known and not _OUTLOOK_LINE.match(visible(text[:_LONGEST_LINE]).lstrip()):
        return []
    lines = (line.text for line in rich_lines(text)) if part.html else iter(visible(text).split("\n"))
    return [line.strip() for line in lines if line.strip()][:_FIRST_LINES]


def _reaction_lines(lines: list[str], headers: Mapping[str, str]) -> list[str]:
    """Return those of the first lines of a message that a mail program wrote for a reaction; [] for any other message."""
    if not lines or len(lines[0]) > _LONGEST_LINE:
        return []
    outlook = _OUTLOOK.fullmatch(lines[0]) if _OUTLOOK_WORDS in lines[0] else None
    if outlook and (outlook["kind"] in _OUTLOOK_KINDS or _is_sender(outlook["name"], headers)):
        return lines[:1]
    foreign = _OUTLOOK_LINE.fullmatch(lines[0])
    if foreign and _begins_with_sender(foreign["words"], headers):
        return lines[:1]
    if any(character.isalnum() for character in lines[0]):
        return []
    return next((lines[: number + 1] for number, line in enumerate(lines) if number and _GMAIL_LINK in line), [])


def _begins_with_sender(text: str, headers: Mapping[str, str]) -> bool:
    """Return whether a text begins with the display name in the header From, in any order of its words, and goes on."""
    name = decoded_words(headers.get("from", "")).rpartition("<")[0].strip(" \t\"'").lower()
    words, shown = _WORD.findall(name), _WORD.findall(text.lower())
    if not words:
        return False
    begins = sorted(shown[: len(words)]) == sorted(words) and len(shown) > len(words)
    return begins or (text.lower().startswith(name) and len(text) > len(name))


def _is_sender(name: str, headers: Mapping[str, str]) -> bool:
    """Return whether the header From has all the words of this name."""
    words = set(_WORD.findall(name.lower()))
    return bool(words) and words <= set(_WORD.findall(decoded_words(headers.get("from", "")).lower()))
