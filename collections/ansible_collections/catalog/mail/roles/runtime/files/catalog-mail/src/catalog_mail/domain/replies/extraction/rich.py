# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert HTML to the lines that its author saw, with the mail client's hint for each line."""

from __future__ import annotations

import re
from collections import Counter

from catalog_mail.domain.replies.extraction.lines import MOST_LINES, Hint, Line, marked, visible
from catalog_mail.domain.replies.extraction.markup import Tag, tokens

_SPACES = re.compile(r"[ \t\n\r\f]+")
# Elements that begin and end a line; those of `_SPACED` also have a blank line around them.
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table"})
_BLOCKS = _SPACED | {
    "div", "ul", "ol", "li", "tr", "section", "article", "header", "footer", "address", "dl", "dt", "dd", "figure", "form",
    "center", "details", "summary", "main", "nav", "aside", "fieldset", "body", "hr", "caption",
}
# Elements whose end tag matters.
_TRACKED = frozenset({"div", "blockquote", "ul", "ol", "pre", "table", "section"})
_NO_MARGIN = re.compile(r"MsoNormal|margin(?:-top)?:\s*0")
# Classes and ids of elements that clients quote or add. Outlook puts x_ before those of a message that it quotes.
_NAMED = re.compile(
    r"""(?:^|[\s"'])(?:x_)*(?:
    (?P<attribution>gmail_attr|moz-cite-prefix|protonmail_quote_attr)
    |(?P<quote>divRplyFwdMsg|OutlookMessageHeader|mail-editor-reference-message-container|ms-outlook-mobile-reference-message
      |yahoo_quoted|gmail_quote|gmail_quote_container|protonmail_quote|tutanota_quote|zmail_extra|gmail_extra|mail_android_quote)
    |(?P<signature>gmail_signature|moz-signature|protonmail_signature_block|ms-outlook-mobile-signature|AppleMailSignature
      |_rc_sig|bloop_sign|Zm-_Id_-Sgn|messageSignatureSection|front-signature|-x-evo-signature(?:-wrapper)?|ydp\w{4,16}signature)
    )(?=$|[\s"'>])
    |(?:^|\s)name\s*=\s*["']?(?P<quote_name>quote)(?=$|[\s"'>])
    |(?:^|\s)id\s*=\s*["']?(?:x_)*(?P<signature_id>[Ss]ignature)(?=$|[\s"'>])""", re.VERBOSE)
_QUOTES = ("quote", "quote_name")
_SIGNATURES = ("signature", "signature_id")
# Each name of a signature has one of these.
_OF_SIGNATURES = ("ignature", "_rc_sig", "bloop_sign", "Zm-_Id_-Sgn")
# Boxes that gateways write their warnings in: tables, and elements with a background and a border or padding.
_BOX = re.compile(r"(?=.*\bbackground(?:-color)?\s*:)(?=.*\b(?:border|padding)(?:-\w{3,6})?\s*:)", re.IGNORECASE | re.DOTALL)
_DIVIDER = re.compile(r"border-top:\s*(?:solid\s+)?#(?:E1E1E1|B5C4DF)", re.IGNORECASE)
_CITED = re.compile(r"\btype\s*=\s*[\"']?cite|\b(?:gmail_quote|protonmail_quote|tutanota_quote|zmail_quote|blockquote_zmail)\b")
_SAME = re.compile(r"^(?:https?://|mailto:|tel:)|/$", re.IGNORECASE)

# The line above a signature (RFC 3676, 4.3), with a space that belongs to it.
_MARK = re.compile(r"\s*--[ \u00a0]\s*")


class _Open:
    """An open element, and its meaning for the lines in it."""

    __slots__ = ("box", "cited", "name", "number", "signature")

    def __init__(self, name: str, *, cited: bool, signature: bool, box: bool) -> None:
        self.name, self.cited, self.signature, self.box, self.number = name, cited, signature, box, 0


class _Writer:
    """Converts tags and text to lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.words: list[str] = []      # of the current line
        self.open: list[_Open] = []
        self.count: Counter[str] = Counter()
        self.cited = self.signatures = 0
        self.attribution = 0            # how many elements were open around the attribution; 0: not in one
        self.quote_begins = Hint.NONE   # QUOTE or DIVIDER until the next line with text
        self.boxes = 0                  # open boxes above all other text
        self.below_box = False          # whether text outside a box was written
        self.below_client = False       # whether an element of a client's quote was opened
        self.apart = False              # a blank line comes before the next one
        self.prefix = ""                # the mark of a list item
        self.link: tuple[str, int] | None = None

    def text(self, text: str) -> None:
        if self.count["pre"] and "\n" in text:
            first, *others = text.split("\n")
            self.words.append(first.replace(" ", "\u00a0"))
            for line in others:
                self.end_line()
                self.words.append(line.replace(" ", "\u00a0"))
        elif self.words or text.strip(" \t\n\r\f"):
            self.words.append(text)

    def end_line(self, *, even_blank: bool = True) -> None:
        """Write the current line; with `even_blank` False only if it has text."""
        raw = "".join(self.words)
        even_blank = even_blank or "\u00a0" in raw
        text = "-- " if _MARK.fullmatch(raw) else visible(_SPACES.sub(" ", raw).strip(" ")).rstrip()
        self.words.clear()
        if self.link:
            self.link = (self.link[0], -1)
        if not text and not even_blank:
            return
        if self.apart and self.lines and self.lines[-1].text:
            self._add("", min(self.count["blockquote"], self.lines[-1].depth))
        if text:
            self.apart = False
            text, self.prefix = self.prefix + text, ""
        self._add(text, self.count["blockquote"])

    def _add(self, text: str, depth: int) -> None:
        hint = Hint.NONE
        if self.attribution:
            hint = Hint.ATTRIBUTION
        elif text and self.quote_begins:
            hint = self.quote_begins
        elif self.signatures:
            hint = Hint.SIGNATURE
        elif self.boxes and not self.below_box:
            hint = Hint.BOX
        if text:
            self.quote_begins = Hint.NONE
            self.below_box = self.below_box or not self.boxes
        self.lines.append(Line(text, depth, marked(text, depth), hint, self.cited > 0))

    def tag(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self.end_line()
        elif name == "a":
            self.end_link() if tag.closing else self.begin_link(tag)
        elif name == "img":
            self.image(tag)
        elif name in ("td", "th") and self.words and not tag.closing:
            self.words.append(" | ")
        elif name in _BLOCKS:
            self.block(tag)

    def block(self, tag: Tag) -> None:
        name = tag.name
        self.end_line(even_blank=False)
        if name in _SPACED and not (name == "p" and _NO_MARGIN.search(tag.raw)):
            self.apart = self.apart or not tag.closing or name != "p"
        if tag.closing:
            if name in _TRACKED and self.count[name]:
                self.close(name)
            return
        if name in _TRACKED:
            self.begin(tag)
        elif name == "li":
            self.item()

    def begin(self, tag: Tag) -> None:
        raw = tag.raw
        named = _NAMED.search(raw) if raw else None
        found = named.lastgroup if named else None
        # Gmail's button for quotes makes such a blockquote too; those of a quoted mail are in, or below, another element.
        formatting = tag.name == "blockquote" and "gmail_quote" in raw and not self.below_client
        self.below_client = self.below_client or (found is not None and found not in _SIGNATURES and not formatting)
        if found in _QUOTES and not formatting:
            self.quote_begins = Hint.QUOTE
        elif raw and not self.quote_begins and _DIVIDER.search(raw):
            self.quote_begins = Hint.DIVIDER
        cited = tag.name == "blockquote" and not formatting and bool(_CITED.search(raw))
        box = not self.below_box and (tag.name == "table" or bool(_BOX.match(raw)))
        element = _Open(tag.name, cited=cited, signature=found in _SIGNATURES, box=box)
        self.cited += element.cited
        self.signatures += element.signature
        self.boxes += element.box
        self.open.append(element)
        self.count[tag.name] += 1
        if found == "attribution" and not self.attribution:
            self.attribution = len(self.open)

    def close(self, name: str) -> None:
        """Close the innermost element of this name, and the open elements in it."""
        while self.open:
            element = self.open.pop()
            self.count[element.name] -= 1
            self.cited -= element.cited
            self.signatures -= element.signature
            self.boxes -= element.box
            if element.name == name:
                break
        if len(self.open) < self.attribution:
            self.attribution = 0

    def item(self) -> None:
        lists = self.count["ul"] + self.count["ol"]
        inner = next((element for element in self.open[-1:-4:-1] if element.name in ("ul", "ol")), None)
        mark = "- "
        if inner is not None and inner.name == "ol":
            inner.number += 1
            mark = f"{inner.number}. "
        self.prefix = "  " * min(lists - 1, 8) + mark

    def begin_link(self, tag: Tag) -> None:
        href = tag.attributes().get("href", "").strip() if "href" in tag.raw.lower() else ""
        self.link = (href, len(self.words)) if href[:7].lower() in ("http://", "https:/", "mailto:") else None

    def end_link(self) -> None:
        """Add the URL of a link unless the link's text shows it."""
        if self.link is None:
            return
        href, start = self.link
        self.link = None
        shown = _SAME.sub("", "".join(self.words[start:]).strip()) if start >= 0 else ""
        if not shown and not self.words:
            return
        if _SAME.sub("", href) != shown and _SAME.sub("", href).partition("?")[0].rstrip("/") != shown:
            self.words.append(f" ({href})")

    def image(self, tag: Tag) -> None:
        alt = tag.attributes().get("alt", "").strip() if "alt" in tag.raw.lower() else ""
        if alt:
            # An emoji is written as itself, another image as its name.
            self.words.append(alt if len(alt) <= 8 and not alt.isascii() else f"[image: {alt[:200]}]")


def names_signature(source: str) -> bool:
    """Return whether an element of an HTML text has a client's name for signatures."""
    if not any(word in source for word in _OF_SIGNATURES):
        return False
    return any(match.lastgroup in _SIGNATURES for match in _NAMED.finditer(source))


def rich_lines(source: str) -> list[Line]:
    """Return the lines of an HTML text."""
    writer = _Writer()
    for token in tokens(source):
        if isinstance(token, str):
            writer.text(token)
        else:
            writer.tag(token)
        if len(writer.lines) >= MOST_LINES:
            break
    writer.end_line(even_blank=False)
    return writer.lines
