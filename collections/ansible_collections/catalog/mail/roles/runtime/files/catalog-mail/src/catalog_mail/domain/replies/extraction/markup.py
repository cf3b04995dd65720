# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split HTML into tokens, in time linear in its length, for any text.

A parser that builds the tree of HTML is not linear: selectolax 1.0 (lexbor) takes 0.5 s for 100 KB of nested `<div>`, and
8 s for 400 KB, since it searches all open tags at each tag. The text of a reply needs no tree, only the tags in their order.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

# Possessive, so without backtracking: a tag that does not end is detected in one pass.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+)>""")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_LEFT_OUT = {name: re.compile(f"</{name}\\b", re.IGNORECASE) for name in ("style", "script", "title", "textarea", "xml")}


class Tag(NamedTuple):
    """A start tag (`closing` False) or an end tag, with its name in lower case and its unparsed attributes (`raw`)."""

    name: str
    closing: bool
    raw: str

    def attributes(self) -> dict[str, str]:
        """Return the values of the attributes by name in lower case."""
        return {match[1].lower(): text(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(self.raw)}


def text(raw: str) -> str:
    """Resolve the character references of a text."""
    if "&" not in raw:
        return raw
    try:
        return html.unescape(raw)
    except ValueError:  # a reference with a number of thousands of digits
        return raw


def tokens(source: str) -> Iterator[Tag | str]:
    """Yield the tags, and the text between them. Comments, styles, scripts and tags without an end are left out."""
    position = 0
    while position < len(source):
        start = source.find("<", position)
        if start < 0:
            yield text(source[position:])
            return
        if start > position:
            yield text(source[position:start])
        follows = source[start + 1:start + 2]
        if follows in ("!", "?"):
            position = _after_comment(source, start)
            continue
        match = _TAG.match(source, start)
        if match:
            tag = Tag(match[2].lower(), bool(match[1]), match[3])
            position = match.end()
            if tag.name in _LEFT_OUT and not tag.closing:
                position = _after_element(source, tag.name, position)
            else:
                yield tag
        elif follows == "/" or follows.isalpha():
            if source[start + 1:start + 3].strip("/").isalpha():
                return
            position = _after(source, ">", start)
        else:
            yield "<"
            position = start + 1


def _after(source: str, end: str, position: int) -> int:
    found = source.find(end, position)
    return len(source) if found < 0 else found + len(end)


def _after_comment(source: str, start: int) -> int:
    if not source.startswith("<!--", start):
        return _after(source, ">", start)
    return start + 5 if source.startswith("<!-->", start) else _after(source, "-->", start + 4)


def _after_element(source: str, name: str, position: int) -> int:
    end = _LEFT_OUT[name].search(source, position)
    return _after(source, ">", end.start()) if end else len(source)
