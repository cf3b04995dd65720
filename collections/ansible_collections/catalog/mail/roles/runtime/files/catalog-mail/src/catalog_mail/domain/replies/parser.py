# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse messages with the standard library's parser, without a regular expression for each message's boundary.

Before Python 3.13 the parser compiles one for each multipart, which takes longer than all else about an ordinary reply. The
same code runs here with another `re`, that compares the boundary as text, as Python 3.13 does.
"""

from __future__ import annotations

import re
from email import feedparser
from email.message import Message
from types import FunctionType, SimpleNamespace
from typing import Any

_BLOCK = 64 * 1024
_BEGIN = "(?P<sep>"
_END = r")(?P<end>--)?(?P<ws>[ \t]*)(?P<linesep>\r\n|\r|\n)?$"
_AFTER_BOUNDARY = re.compile(_END.removeprefix(")"))


class _Boundary:
    """Matches the lines of one boundary (RFC 2046, 5.1.1); `separator` is the boundary behind its two dashes."""

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def match(self, line: str) -> re.Match[str] | None:
        """Return the match of what follows the boundary; None for another line."""
        return _AFTER_BOUNDARY.match(line, len(self._separator)) if line.startswith(self._separator) else None


def _compile(pattern: str) -> Any:
    """Return the matcher of a boundary for the parser's pattern of one, whose text `_escape` has left as it is."""
    if pattern.startswith(_BEGIN) and pattern.endswith(_END):
        return _Boundary(pattern.removeprefix(_BEGIN).removesuffix(_END))
    return re.compile(pattern)


def _escape(text: str) -> str:
    return text


_parsegen: Any = feedparser.FeedParser._parsegen  # type: ignore[attr-defined]  # not in typeshed
_names = {**vars(feedparser), "re": SimpleNamespace(compile=_compile, escape=_escape)}


class _Parser(feedparser.FeedParser):  # generic in typeshed only
    """The standard library's parser, whose method for the parts of a message sees `_names`."""

    _parsegen = FunctionType(_parsegen.__code__, _names, argdefs=_parsegen.__defaults__, closure=_parsegen.__closure__)


def parse_message(content: bytes, *, header_only: bool) -> Message:
    """Parse any bytes as a message, of which only the header may be parsed; raises nothing."""
    parser = _Parser()
    if header_only:
        parser._set_headersonly()  # type: ignore[attr-defined]  # not in typeshed
    for start in range(0, len(content), _BLOCK):
        parser.feed(content[start : start + _BLOCK].decode("ascii", "surrogateescape"))
    message: Message = parser.close()
    return message
