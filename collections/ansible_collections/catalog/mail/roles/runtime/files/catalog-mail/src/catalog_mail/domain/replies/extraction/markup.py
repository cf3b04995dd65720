"""HTML to tokens, in time that grows as the text does, whatever stands in it.

A parser that builds the tree HTML asks for does not: selectolax 1.0 (lexbor) takes 0.5 s for 100 KB of nested `<div>`, and
8 s for 400 KB, because each tag looks through all that are open. A reply's text needs no tree, only the tags in their order.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

# Never gives back what it took (possessive): a tag that does not end is found out in one go.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+)>""")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_LEFT_OUT = {name: re.compile(f"</{name}\\b", re.IGNORECASE) for name in ("style", "script", "title", "textarea", "xml")}


class Tag(NamedTuple):
    """A start tag (`closing` False) or an end tag; its name in lower case, its attributes as they were written."""

    name: str
    closing: bool
    raw: str

    def attributes(self) -> dict[str, str]:
        """Names in lower case to values."""
        return {match[1].lower(): text(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(self.raw)}


def text(raw: str) -> str:
    """Text with its character references resolved."""
    if "&" not in raw:
        return raw
    try:
        return html.unescape(raw)
    except ValueError:  # a number of thousands of digits
        return raw


def tokens(source: str) -> Iterator[Tag | str]:
    """The tags, and the text between them. Comments, styles and scripts are left out; so is a tag that never ends."""
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
